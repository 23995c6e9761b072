package dev.hearth.runtime.nri;

import dev.hearth.linux.LinuxException;
import dev.hearth.linux.Poller;
import dev.hearth.proto.nri.v1alpha1.ContainerUpdate;
import dev.hearth.runtime.container.ContainerInfo;
import dev.hearth.runtime.container.ContainerLimits;
import dev.hearth.runtime.container.Containers;
import dev.hearth.runtime.model.HearthException;
import dev.hearth.runtime.model.Layout;
import dev.hearth.runtime.model.NodePlugins;
import dev.hearth.runtime.nri.ttrpc.PeerException;
import dev.hearth.runtime.pod.Pods;
import dev.hearth.runtime.pod.SandboxParts;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.ByteChannel;
import java.nio.channels.ClosedChannelException;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/** Takes plugins in at a socket, and is {@link #plugins} to the verbs. */
public final class NriServer implements AutoCloseable {
  private static final System.Logger LOG = System.getLogger("dev.hearth.nri");

  /** Connections at a time, registered or not. */
  private static final int MAX_PLUGINS = 64;

  /** What of the node plugins are shown and may change. */
  public record Node(
      Layout layout,
      Pods pods,
      Containers containers,
      SandboxParts sandboxes,
      ContainerInfo info,
      ContainerLimits limits,
      Poller poller) {}

  private final NriSettings settings;
  private final Node node;
  private final Views views;
  private final Updates updates;
  private final Roster roster = new Roster();
  private final PluginHooks hooks;
  private final Semaphore room = new Semaphore(MAX_PLUGINS);
  private final ServerSocketChannel listener;
  private final List<PluginProcess> started = new CopyOnWriteArrayList<>();

  /**
   * Not serving yet, see {@link #serve}; {@link #plugins} can be asked all the same.
   *
   * @throws HearthException.HostFailure if the socket cannot be had
   */
  public NriServer(NriSettings settings, Node node) {
    this.settings = settings;
    this.node = node;
    this.views = new Views(node.layout(), node.sandboxes(), node.info());
    this.updates = new Updates(node.containers(), node.limits());
    this.hooks = new PluginHooks(roster, node.pods(), views, updates);
    this.listener = listen(settings.socket());
  }

  /** A socket file that a daemon before this one left is replaced. Only root may connect. */
  private static ServerSocketChannel listen(Path socket) {
    try {
      if (socket.getParent() != null) {
        Files.createDirectories(socket.getParent());
      }
      Files.deleteIfExists(socket);
      ServerSocketChannel channel = ServerSocketChannel.open(StandardProtocolFamily.UNIX);
      try {
        channel.bind(UnixDomainSocketAddress.of(socket));
        Files.setPosixFilePermissions(socket, PosixFilePermissions.fromString("rw-------"));
        return channel;
      } catch (IOException e) {
        channel.close();
        throw e;
      }
    } catch (IOException e) {
      throw new HearthException.HostFailure(
          "cannot serve plugins on " + socket + ": " + e.getMessage(), e);
    }
  }

  /** What verbs ask and tell. */
  public NodePlugins plugins() {
    return hooks;
  }

  /**
   * Begins to take plugins in. Called once everything of the node is known. Those that Hearth
   * starts itself are here when this returns, unless they take too long.
   */
  public void serve() throws InterruptedException {
    Thread.ofVirtual().name("nri-accept").start(this::accept);
    List<CompletableFuture<Void>> settled = new ArrayList<>();
    for (InstalledPlugin plugin : InstalledPlugin.in(settings.plugins())) {
      CompletableFuture<Void> done = new CompletableFuture<>();
      settled.add(done);
      Thread.ofVirtual()
          .name("nri-" + plugin.name())
          .start(() -> run(plugin, () -> done.complete(null)));
    }
    // Registration, configuration and the list.
    Duration all = settings.registration().multipliedBy(2).plus(settings.request());
    try {
      CompletableFuture.allOf(settled.toArray(CompletableFuture[]::new))
          .get(all.toMillis(), TimeUnit.MILLISECONDS);
    } catch (TimeoutException e) {
      LOG.log(System.Logger.Level.WARNING, "plugins of {0} are late", settings.plugins());
    } catch (ExecutionException e) {
      throw new IllegalStateException("that a plugin is settled cannot fail", e);
    }
  }

  private void run(InstalledPlugin plugin, Runnable settled) {
    try (PluginProcess process = plugin.start(node.poller())) {
      started.add(process);
      welcome(process.channel(), Optional.of(process.name()), settled);
    } catch (LinuxException e) {
      LOG.log(
          System.Logger.Level.WARNING,
          "plugin {0} could not be started: {1}",
          plugin.name(),
          e.getMessage());
    } finally {
      settled.run();
    }
  }

  private void accept() {
    try {
      while (true) {
        SocketChannel channel = listener.accept();
        if (!room.tryAcquire()) {
          LOG.log(
              System.Logger.Level.WARNING, "a plugin is turned away: {0} are here", MAX_PLUGINS);
          channel.close();
          continue;
        }
        Thread.ofVirtual()
            .name("nri-greet")
            .start(() -> {
              try {
                welcome(channel, Optional.empty(), () -> {});
              } finally {
                room.release();
              }
            });
      }
    } catch (ClosedChannelException e) {
      // Hearth is stopping.
    } catch (IOException e) {
      LOG.log(System.Logger.Level.ERROR, "no plugin can connect any more", e);
    }
  }

  /**
   * Takes one plugin in, and returns when it is gone.
   *
   * @param registered run when it is called from now on
   */
  private void welcome(ByteChannel channel, Optional<PluginName> given, Runnable registered) {
    Greeting greeting = new Greeting(channel, settings, updates, given);
    try {
      Plugin plugin = greeting.await();
      try {
        List<ContainerUpdate> wanted = introduce(plugin);
        LOG.log(System.Logger.Level.INFO, "plugin {0} is registered", plugin);
        registered.run();
        var _ = updates.tryAll(wanted);
        LOG.log(
            System.Logger.Level.INFO,
            "plugin {0} is gone: {1}",
            plugin,
            greeting.peer().closed().get());
      } finally {
        roster.leave(plugin);
      }
    } catch (PeerException | IOException | HearthException | ExecutionException e) {
      LOG.log(System.Logger.Level.WARNING, "a plugin could not be registered: {0}", e.getMessage());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      greeting.peer().close();
    }
  }

  /**
   * Tells a plugin of everything. Changes that begin from now on wait for it; those before must end
   * first, so that each is either in the list or told.
   */
  private List<ContainerUpdate> introduce(Plugin plugin)
      throws PeerException, InterruptedException {
    plugin.calling().lock();
    try {
      awaitEnd(roster.join(plugin));
      Synchronization list = new Synchronization(Synchronization.MAX_BYTES);
      node.pods().all().forEach(pod -> list.add(views.pod(pod.record())));
      node.containers().all().forEach(container -> list.add(views.container(container.record())));
      List<ContainerUpdate> wanted = list.send(plugin, settings.registration());
      plugin.introduce();
      return wanted;
    } catch (PeerException | RuntimeException e) {
      // Before anybody who waits for it gets to call it.
      plugin.drop();
      throw e;
    } finally {
      plugin.calling().unlock();
    }
  }

  private void awaitEnd(List<Roster.Passage> underWay) throws PeerException, InterruptedException {
    long end = System.nanoTime() + settings.registration().toNanos();
    try {
      for (Roster.Passage passage : underWay) {
        var _ = passage.ended().get(end - System.nanoTime(), TimeUnit.NANOSECONDS);
      }
    } catch (TimeoutException e) {
      throw new PeerException.Silent(
          "something that began before it came is still not done after "
              + settings.registration().toMillis()
              + " ms; it may come again");
    } catch (ExecutionException e) {
      throw new IllegalStateException("the end of a change cannot fail", e);
    }
  }

  /** Lets every plugin go. They come again when the next daemon serves. */
  @Override
  public void close() throws IOException {
    listener.close();
    Files.deleteIfExists(settings.socket());
    roster.present().forEach(Plugin::drop);
    started.forEach(PluginProcess::close);
  }
}
