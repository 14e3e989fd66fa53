System.Console.WriteLine("ambroise");
