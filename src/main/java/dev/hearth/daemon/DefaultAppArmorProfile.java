package dev.hearth.daemon;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.hearth.runtime.spec.NodeView;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/**
 * The AppArmor profile of containers that name none. It is loaded anew at every start of the
 * daemon, so that it is always this release's; containers that run keep theirs by its name.
 */
final class DefaultAppArmorProfile {
  private static final System.Logger LOG = System.getLogger("dev.hearth");
  private static final String NAME = "hearth-default";
  private static final String RESOURCE = "hearth-default.apparmor";
  private static final Duration PATIENCE = Duration.ofSeconds(20);

  private static final List<Path> PARSERS =
      List.of(Path.of("/sbin/apparmor_parser"), Path.of("/usr/sbin/apparmor_parser"));

  private DefaultAppArmorProfile() {}

  /**
   * Loads the profile where the kernel and the tool for it are there.
   *
   * @return its name; nothing where containers go without, which the log says if they need not
   */
  static Optional<String> load() throws InterruptedException {
    if (!NodeView.hasAppArmor()) {
      return Optional.empty();
    }
    Optional<Path> parser = PARSERS.stream().filter(Files::isExecutable).findFirst();
    if (parser.isEmpty()) {
      LOG.log(
          System.Logger.Level.WARNING,
          "containers run without an AppArmor profile unless they name one: install"
              + " apparmor_parser (Debian: apparmor) and restart hearthd");
      return Optional.empty();
    }
    try {
      load(parser.get());
      return Optional.of(NAME);
    } catch (IOException e) {
      LOG.log(
          System.Logger.Level.WARNING,
          "the default AppArmor profile cannot be loaded; containers that name none run without",
          e);
      return Optional.empty();
    }
  }

  private static void load(Path parser) throws IOException, InterruptedException {
    // Without its cache, which is for profiles in files.
    Process process =
        new ProcessBuilder(parser.toString(), "-K", "-r").redirectErrorStream(true).start();
    try (OutputStream in = process.getOutputStream()) {
      in.write(text(confinement()).getBytes(UTF_8));
    }
    String said = new String(process.getInputStream().readNBytes(4096), UTF_8).strip();
    if (!process.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS)) {
      process.destroyForcibly();
      throw new IOException(parser + " takes longer than " + PATIENCE.toSeconds() + " s");
    }
    if (process.exitValue() != 0) {
      throw new IOException(parser + " failed: " + said);
    }
  }

  /** The daemon's own profile: it must be able to signal containers. */
  private static String confinement() throws IOException {
    String current = Files.readString(Path.of("/proc/self/attr/current")).strip();
    int mode = current.indexOf(" (");
    return mode < 0 ? current : current.substring(0, mode);
  }

  private static String text(String daemon) throws IOException {
    try (InputStream in = DefaultAppArmorProfile.class.getResourceAsStream(RESOURCE)) {
      if (in == null) {
        throw new IllegalStateException("the build left out " + RESOURCE);
      }
      return new String(in.readAllBytes(), UTF_8).replace("@DAEMON@", daemon);
    }
  }
}
