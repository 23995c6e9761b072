package dev.hearth.runtime.nri;

import dev.hearth.linux.Child;
import dev.hearth.linux.LinuxException;
import dev.hearth.linux.Poller;
import dev.hearth.linux.Signals;
import java.time.Duration;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;

/** A plugin that Hearth started, and Hearth's end of its connection. It ends with that. */
final class PluginProcess implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger("dev.hearth.nri");

  /** How long a killed plugin may take to be gone. */
  private static final Duration END = Duration.ofSeconds(5);

  private final PluginName name;
  private final Child process;
  private final DescriptorChannel channel;
  private final Poller poller;
  private final AtomicBoolean ended = new AtomicBoolean();

  PluginProcess(PluginName name, Child process, DescriptorChannel channel, Poller poller) {
    this.name = name;
    this.process = process;
    this.channel = channel;
    this.poller = poller;
  }

  PluginName name() {
    return name;
  }

  DescriptorChannel channel() {
    return channel;
  }

  /** Hangs up, kills and reaps it. */
  @Override
  public void close() {
    if (!ended.compareAndSet(false, true)) {
      return;
    }
    channel.close();
    try (process) {
      if (process.reap().isEmpty()) {
        process.signal(Signals.KILL);
        var _ = process.await(poller, END);
      }
    } catch (LinuxException | TimeoutException e) {
      LOG.log(System.Logger.Level.WARNING, "plugin " + name + " does not end", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
