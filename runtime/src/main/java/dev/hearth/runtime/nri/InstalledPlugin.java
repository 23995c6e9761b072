package dev.hearth.runtime.nri;

import dev.hearth.linux.Child;
import dev.hearth.linux.Descriptors;
import dev.hearth.linux.LinuxException;
import dev.hearth.linux.Poller;
import dev.hearth.linux.Spawn;
import dev.hearth.linux.UnixSockets;
import dev.hearth.runtime.model.HearthException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/**
 * A program in the folder of plugins, which Hearth starts itself: {@code 10-balloons} is the plugin
 * {@code balloons} of index 10. It finds its connection at descriptor 3.
 */
record InstalledPlugin(PluginName name, Path program) {
  private static final System.Logger LOG = System.getLogger("dev.hearth.nri");
  private static final int CONNECTION = 3;

  /** The programs in a folder, by name; none if there is no such folder. */
  static List<InstalledPlugin> in(Path folder) {
    List<InstalledPlugin> found = new ArrayList<>();
    try (Stream<Path> files = Files.list(folder)) {
      for (Path file : files.sorted().toList()) {
        if (Files.isRegularFile(file) && Files.isExecutable(file)) {
          add(file, found);
        }
      }
    } catch (NoSuchFileException e) {
      // Nobody has installed any.
    } catch (IOException e) {
      LOG.log(System.Logger.Level.WARNING, "plugins in " + folder + " are not started", e);
    }
    return found;
  }

  private static void add(Path file, List<InstalledPlugin> into) {
    String[] parts = String.valueOf(file.getFileName()).split("-", 2);
    try {
      PluginName name = new PluginName(parts[0], parts.length > 1 ? parts[1] : "");
      into.add(new InstalledPlugin(name, file));
    } catch (HearthException e) {
      LOG.log(System.Logger.Level.WARNING, "{0} is not started: {1}", file, e.getMessage());
    }
  }

  /** Starts it. */
  PluginProcess start(Poller poller) throws LinuxException {
    try (UnixSockets.Pair ends = UnixSockets.pair(UnixSockets.Kind.STREAM)) {
      DescriptorChannel channel =
          new DescriptorChannel(Descriptors.duplicate(ends.first()), poller);
      try {
        Child process =
            Child.start(
                new Spawn(
                    program,
                    List.of(program.toString()),
                    Map.of(
                        "NRI_PLUGIN_NAME", name.base(),
                        "NRI_PLUGIN_IDX", name.index(),
                        "NRI_PLUGIN_SOCKET", Integer.toString(CONNECTION)),
                    Map.of(CONNECTION, ends.second()),
                    true));
        return new PluginProcess(name, process, channel, poller);
      } catch (LinuxException e) {
        channel.close();
        throw e;
      }
    }
  }
}
