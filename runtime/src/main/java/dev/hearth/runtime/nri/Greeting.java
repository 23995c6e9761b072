package dev.hearth.runtime.nri;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import dev.hearth.proto.nri.v1alpha1.ConfigureRequest;
import dev.hearth.proto.nri.v1alpha1.ConfigureResponse;
import dev.hearth.proto.nri.v1alpha1.Empty;
import dev.hearth.proto.nri.v1alpha1.RegisterPluginRequest;
import dev.hearth.proto.nri.v1alpha1.UpdateContainersRequest;
import dev.hearth.proto.nri.v1alpha1.UpdateContainersResponse;
import dev.hearth.runtime.model.HearthException;
import dev.hearth.runtime.nri.ttrpc.CallHandler;
import dev.hearth.runtime.nri.ttrpc.Peer;
import dev.hearth.runtime.nri.ttrpc.PeerException;
import java.io.IOException;
import java.nio.channels.ByteChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * What a connection and Hearth say to each other first: it registers, it is configured, it is told
 * of everything there is. From then on it is a plugin.
 */
final class Greeting implements CallHandler {
  private static final String SERVICE = "nri.pkg.api.v1alpha1.Runtime";

  /** Numbers of the connections in a plugin's trunk: of its own service, and of the runtime's. */
  private static final Peer.Lanes LANES = new Peer.Lanes(1, 2);

  /** Longest configuration file of a plugin, in bytes. */
  private static final int MAX_CONFIGURATION = 1 << 20;

  private final NriSettings settings;
  private final Updates updates;
  private final Optional<PluginName> given;
  private final Peer peer;
  private final CompletableFuture<PluginName> registered = new CompletableFuture<>();

  /**
   * @param given what it is called, for one that Hearth started; whatever it says is then ignored
   */
  Greeting(ByteChannel channel, NriSettings settings, Updates updates, Optional<PluginName> given) {
    this.settings = settings;
    this.updates = updates;
    this.given = given;
    this.peer = new Peer(channel, LANES, this);
  }

  Peer peer() {
    return peer;
  }

  /**
   * Waits until the plugin has registered, and configures it.
   *
   * @throws PeerException if it does not keep to the contract
   * @throws HearthException if what it says makes no sense
   */
  Plugin await() throws PeerException, IOException, InterruptedException {
    peer.start();
    var _ =
        peer.closed()
            .whenComplete(
                (reason, _) -> registered.completeExceptionally(new PeerException.Gone(reason)));
    PluginName name = name();
    ConfigureResponse configuration =
        Plugin.send(
            peer,
            Method.CONFIGURE,
            ConfigureRequest.newBuilder()
                .setConfig(configuration(name))
                .setRuntimeName(NriSettings.RUNTIME)
                .setRuntimeVersion(settings.version())
                .setRegistrationTimeout(settings.registration().toMillis())
                .setRequestTimeout(settings.request().toMillis())
                .setNRIVersion(NriSettings.CONTRACT)
                .build(),
            settings.request());
    return new Plugin(name, peer, settings.request(), configuration);
  }

  private PluginName name() throws PeerException, InterruptedException {
    try {
      return registered.get(settings.registration().toNanos(), TimeUnit.NANOSECONDS);
    } catch (TimeoutException e) {
      throw new PeerException.Silent(
          "it did not register within " + settings.registration().toMillis() + " ms");
    } catch (ExecutionException e) {
      switch (e.getCause()) {
        case HearthException cause -> {
          awaitEnd();
          throw cause;
        }
        case PeerException cause -> throw cause;
        case null, default -> throw new PeerException.Gone(String.valueOf(e.getMessage()));
      }
    }
  }

  /** Leaves it the time to read why it is turned away. */
  private void awaitEnd() throws InterruptedException {
    try {
      var _ = peer.closed().get(settings.registration().toNanos(), TimeUnit.NANOSECONDS);
    } catch (TimeoutException | ExecutionException e) {
      // Then it is hung up on.
    }
  }

  /** The text of the plugin's own file: of its whole name, or of its name without the index. */
  private String configuration(PluginName name) throws IOException {
    for (String file : List.of(name + ".conf", name.base() + ".conf")) {
      Path path = settings.configurations().resolve(file);
      try {
        if (Files.size(path) > MAX_CONFIGURATION) {
          throw new IOException(path + " is longer than " + MAX_CONFIGURATION + " bytes");
        }
        return Files.readString(path);
      } catch (NoSuchFileException e) {
        // Most plugins have none.
      }
    }
    return "";
  }

  @Override
  public ByteString handle(String service, String method, ByteString payload)
      throws PeerException.Refused {
    try {
      return switch (service + "/" + method) {
        case SERVICE + "/RegisterPlugin" -> register(RegisterPluginRequest.parseFrom(payload));
        case SERVICE + "/UpdateContainers" -> update(UpdateContainersRequest.parseFrom(payload));
        default ->
            throw new PeerException.Refused(
                PeerException.Refused.UNIMPLEMENTED,
                "service " + service + " has no method " + method + " here");
      };
    } catch (InvalidProtocolBufferException e) {
      throw new PeerException.Refused(
          PeerException.Refused.INVALID_ARGUMENT, String.valueOf(e.getMessage()));
    } catch (HearthException e) {
      throw new PeerException.Refused(
          PeerException.Refused.INVALID_ARGUMENT, String.valueOf(e.getMessage()));
    }
  }

  private ByteString register(RegisterPluginRequest request) {
    try {
      PluginName name =
          given.isPresent()
              ? given.get()
              : new PluginName(request.getPluginIdx(), request.getPluginName());
      registered.complete(name);
      return Empty.getDefaultInstance().toByteString();
    } catch (HearthException e) {
      registered.completeExceptionally(e);
      throw e;
    }
  }

  private ByteString update(UpdateContainersRequest request) {
    PluginName name = registered.getNow(null);
    if (name == null) {
      throw new HearthException.WrongState("a plugin registers before it updates containers");
    }
    Updates.evictions(name, request.getEvictList());
    return UpdateContainersResponse.newBuilder()
        .addAllFailed(updates.tryAll(request.getUpdateList()))
        .build()
        .toByteString();
  }
}
