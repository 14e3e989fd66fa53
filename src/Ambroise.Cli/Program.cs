using Ambroise.Cli.Frame;
using Ambroise.Cli.Tenants;

var frame = new CommandFrame(args);

frame.Add(InitHome.Command(frame));
frame.Add(CommandFrame.Group("tenant", frame.Say("Tenants and their keys", "Établissements et leurs clés"),
    CreateTenant.Command(frame), ListTenants.Command(frame), SealTenant.UnsealCommand(frame), SealTenant.Command(frame), RotateKey.Command(frame), DestroyKey.Command(frame)));

return await frame.RunAsync(args);
