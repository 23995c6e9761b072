package dev.hearth.runtime.container;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.hearth.runtime.model.ContainerState;
import dev.hearth.runtime.model.HearthException;
import dev.hearth.runtime.pod.Pod;
import dev.hearth.runtime.pod.Pods;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.TimeUnit;

/**
 * Checkpoints of containers and pods. They take a criu(8) that works with the node's kernel, and
 * this release cannot drive one yet: every request is refused, with the nearest reason.
 */
public final class Checkpoint {
  private static final Duration PATIENCE = Duration.ofSeconds(10);

  private final Pods pods;
  private final Containers containers;
  private final String criu;

  /**
   * @param criu the program, by path or name
   */
  public Checkpoint(Pods pods, Containers containers, String criu) {
    this.pods = pods;
    this.containers = containers;
    this.criu = criu;
  }

  /**
   * @throws HearthException.NotFound if there is no such container
   * @throws HearthException.WrongState if it does not run, or criu is not there or does not work
   * @throws HearthException.Unsupported if it does
   */
  public void container(String id) {
    Container container = containers.require(id);
    if (!(container.state() instanceof ContainerState.Running)) {
      throw new HearthException.WrongState(
          "container " + container.id() + " does not run: there is nothing to checkpoint");
    }
    refuse("container " + container.id() + " cannot be checkpointed");
  }

  /**
   * @throws HearthException.NotFound if there is no such pod
   * @throws HearthException.WrongState if it is not ready, or criu is not there or does not work
   * @throws HearthException.Unsupported if it does
   */
  public void pod(String id) {
    Pod pod = pods.require(id);
    if (!pod.ready()) {
      throw new HearthException.WrongState(
          "pod sandbox " + pod.id() + " is not ready: there is nothing to checkpoint");
    }
    refuse("pod sandbox " + pod.id() + " cannot be checkpointed");
  }

  /**
   * @param path of the checkpoint
   */
  public void restorePod(String path) {
    if (path.isEmpty()) {
      throw new HearthException.InvalidRequest("no checkpoint_path to restore a pod from");
    }
    refuse("no pod can be restored from " + path);
  }

  private void refuse(String what) {
    String wrong = check();
    if (!wrong.isEmpty()) {
      throw new HearthException.WrongState(what + ": " + wrong);
    }
    throw new HearthException.Unsupported(what + ": this release does not drive criu");
  }

  /** What is wrong with the node's criu; empty if nothing is. */
  private String check() {
    try {
      Process process = new ProcessBuilder(criu, "check").redirectErrorStream(true).start();
      process.getOutputStream().close();
      if (!process.waitFor(PATIENCE.toSeconds(), TimeUnit.SECONDS)) {
        process.destroyForcibly();
        return "criu check takes longer than " + PATIENCE.toSeconds() + " s";
      }
      String said = new String(process.getInputStream().readNBytes(4096), UTF_8);
      return process.exitValue() == 0
          ? ""
          : "criu does not work with this kernel: " + said.lines().findFirst().orElse("");
    } catch (IOException e) {
      return "criu is not installed: install a release that works with this kernel";
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new HearthException.Busy("the daemon is stopping", e);
    }
  }
}
