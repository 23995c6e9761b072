package dev.hearth.bench;

import dev.hearth.testing.Await;
import dev.hearth.testing.Cri;
import dev.hearth.testing.Leftovers;
import io.grpc.StatusRuntimeException;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/**
 * Debian's containerd with everything of its own: root, state, socket, CNI configuration. Its pods
 * have the usual network: the bridge plugin with masquerade, host-local and portmap.
 *
 * <p>Debian's crun refuses a hybrid host, so the whole of containerd runs in a mount namespace
 * without the unified hierarchy, where runc and crun both find plain cgroup v1.
 */
final class ContainerdContender {
  private static final Duration LIMIT = Duration.ofSeconds(60);

  private final List<CriContender> handlers =
      List.of(new Handler("containerd+runc", "runc"), new Handler("containerd+crun", "crun"));
  private final Path folder;
  private final Path run;
  private Process process;
  private Cri cri;

  /**
   * Starts containerd.
   *
   * @param folder for what lasts
   * @param run for sockets and state
   * @param pause the reference of the sandbox image
   */
  ContainerdContender(Path folder, Path run, String pause) throws IOException {
    this.folder = Files.createDirectories(folder);
    this.run = Files.createDirectories(run);
    writeNetwork();
    Files.writeString(folder.resolve("config.toml"), configuration(pause));
    process = launch();
    cri = new Cri(socket());
    awaitAnswer();
  }

  /** The two ways to use it; closing either does nothing, close this one. */
  List<CriContender> contenders() {
    return handlers;
  }

  private Path socket() {
    return run.resolve("containerd.sock");
  }

  private Process launch() throws IOException {
    String script = LegacyShell.LEAVE_UNIFIED + "exec containerd --config \"$0\" --log-level warn";
    return new ProcessBuilder(
            "unshare", "--mount", "sh", "-c", script, folder.resolve("config.toml").toString())
        .redirectErrorStream(true)
        .redirectOutput(ProcessBuilder.Redirect.appendTo(folder.resolve("containerd.log").toFile()))
        .start();
  }

  private void awaitAnswer() {
    Await.until(() -> "containerd, see " + folder.resolve("containerd.log"), LIMIT, this::answers);
  }

  private boolean answers() {
    if (!process.isAlive()) {
      throw new AssertionError("containerd ended, see " + folder.resolve("containerd.log"));
    }
    try (var probe = SocketChannel.open(StandardProtocolFamily.UNIX)) {
      return probe.connect(UnixDomainSocketAddress.of(socket())) && !cri.version().isEmpty();
    } catch (IOException e) {
      return false;
    } catch (StatusRuntimeException e) {
      return switch (e.getStatus().getCode()) {
        // The socket is there before the CRI plugin is.
        case UNAVAILABLE, UNKNOWN, UNIMPLEMENTED -> false;
        default -> throw e;
      };
    }
  }

  private void writeNetwork() throws IOException {
    Path network = Files.createDirectories(folder.resolve("cni/net.d"));
    Files.writeString(
        network.resolve("10-bench.conflist"),
        """
        {"cniVersion": "1.0.0", "name": "bench", "plugins": [
          {"type": "bridge", "bridge": "cnibench0", "isGateway": true, "ipMasq": true,
           "ipam": {"type": "host-local", "dataDir": "%s",
                    "ranges": [[{"subnet": "100.127.0.0/16"}]], "routes": [{"dst": "0.0.0.0/0"}]}},
          {"type": "portmap", "capabilities": {"portMappings": true}}]}
        """
            .formatted(run.resolve("cni")));
  }

  private String configuration(String pause) {
    return """
    version = 2
    root = "%1$s/root"
    state = "%2$s/state"
    [grpc]
      address = "%2$s/containerd.sock"
    [plugins."io.containerd.internal.v1.opt"]
      path = "%1$s/opt"
    [plugins."io.containerd.grpc.v1.cri"]
      sandbox_image = "%3$s"
      stream_server_port = "0"
      disable_apparmor = true
      restrict_oom_score_adj = true
    [plugins."io.containerd.grpc.v1.cri".cni]
      bin_dir = "/usr/lib/cni"
      conf_dir = "%1$s/cni/net.d"
    [plugins."io.containerd.grpc.v1.cri".containerd]
      default_runtime_name = "runc"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
      runtime_type = "io.containerd.runc.v2"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
      BinaryName = "/usr/sbin/runc"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.crun]
      runtime_type = "io.containerd.runc.v2"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.crun.options]
      BinaryName = "/usr/bin/crun"
    """
        .formatted(folder, run, pause);
  }

  void close() throws IOException {
    cri.close();
    process.destroy();
    Processes.await(process, LIMIT);
    // What a failed measurement left; after a successful one there is nothing.
    Processes.mentioning("-address " + socket())
        .flatMap(pid -> ProcessHandle.of(pid).stream())
        .forEach(ProcessHandle::destroyForcibly);
    for (CriContender contender : handlers) {
      Leftovers.endCgroups(contender.cgroupParent());
    }
  }

  private final class Handler implements CriContender {
    private final String name;
    private final String handler;

    Handler(String name, String handler) {
      this.name = name;
      this.handler = handler;
    }

    @Override
    public String name() {
      return name;
    }

    @Override
    public String handler() {
      return handler;
    }

    @Override
    public Cri cri() {
      return cri;
    }

    @Override
    public Path socket() {
      return ContainerdContender.this.socket();
    }

    @Override
    public String cgroupParent() {
      return "/hearth-bench-" + handler;
    }

    @Override
    public long daemonPid() {
      return process.pid();
    }

    @Override
    public List<Long> companions() {
      return Processes.mentioning("-address " + socket()).toList();
    }

    @Override
    public void kill() {
      process.destroyForcibly();
      try {
        Processes.await(process, LIMIT);
      } catch (IOException e) {
        throw new AssertionError(e);
      }
    }

    @Override
    public void startAgain() throws IOException {
      cri.close();
      process = launch();
      cri = new Cri(socket());
      awaitAnswer();
    }

    @Override
    public void close() {}
  }
}
