namespace Ambroise.Sources;

/// <summary>A source could not be read. Carries nothing of what the reader beneath said: such messages quote rows.</summary>
sealed class SourceException : Exception;
