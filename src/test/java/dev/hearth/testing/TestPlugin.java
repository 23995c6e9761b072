package dev.hearth.testing;

import com.google.protobuf.ByteString;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.MessageLite;
import dev.hearth.proto.nri.v1alpha1.ConfigureRequest;
import dev.hearth.proto.nri.v1alpha1.ConfigureResponse;
import dev.hearth.proto.nri.v1alpha1.Container;
import dev.hearth.proto.nri.v1alpha1.ContainerUpdate;
import dev.hearth.proto.nri.v1alpha1.CreateContainerRequest;
import dev.hearth.proto.nri.v1alpha1.CreateContainerResponse;
import dev.hearth.proto.nri.v1alpha1.Empty;
import dev.hearth.proto.nri.v1alpha1.PodSandbox;
import dev.hearth.proto.nri.v1alpha1.RegisterPluginRequest;
import dev.hearth.proto.nri.v1alpha1.RunPodSandboxRequest;
import dev.hearth.proto.nri.v1alpha1.StateChangeEvent;
import dev.hearth.proto.nri.v1alpha1.SynchronizeRequest;
import dev.hearth.proto.nri.v1alpha1.SynchronizeResponse;
import dev.hearth.proto.nri.v1alpha1.UpdateContainersRequest;
import dev.hearth.proto.nri.v1alpha1.UpdateContainersResponse;
import dev.hearth.runtime.nri.ttrpc.CallHandler;
import dev.hearth.runtime.nri.ttrpc.Peer;
import dev.hearth.runtime.nri.ttrpc.PeerException;
import java.io.IOException;
import java.net.StandardProtocolFamily;
import java.net.UnixDomainSocketAddress;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;

/**
 * A plugin of the Node Resource Interface as a test wants it: it writes down what it is called for,
 * and answers what the test says, or nothing in particular.
 */
public final class TestPlugin implements CallHandler, AutoCloseable {
  private static final Duration LIMIT = Duration.ofSeconds(30);

  /** Answers one method. */
  @FunctionalInterface
  public interface Answer {
    MessageLite to(ByteString request) throws Exception;
  }

  /** What Hearth tells it of everything there is. */
  public record Everything(List<PodSandbox> pods, List<Container> containers) {}

  private final Peer peer;
  private final Map<String, Answer> answers = new ConcurrentHashMap<>();
  private final List<String> calls = new CopyOnWriteArrayList<>();
  private final List<PodSandbox> pods = new CopyOnWriteArrayList<>();
  private final List<Container> containers = new CopyOnWriteArrayList<>();
  private final CompletableFuture<Everything> synchronised = new CompletableFuture<>();
  private final CompletableFuture<ConfigureRequest> configured = new CompletableFuture<>();

  /** Connects one that does not register yet. */
  public static TestPlugin connect(Path socket) throws IOException {
    SocketChannel channel = SocketChannel.open(StandardProtocolFamily.UNIX);
    channel.connect(UnixDomainSocketAddress.of(socket));
    return new TestPlugin(channel);
  }

  private TestPlugin(SocketChannel channel) {
    // The handler is this, so the peer cannot come from outside.
    this.peer = new Peer(channel, new Peer.Lanes(2, 1), this);
  }

  /** Says how a method is answered. */
  public TestPlugin answering(String method, Answer answer) {
    answers.put(method, answer);
    return this;
  }

  /** Says how it adjusts containers. */
  public TestPlugin creating(CreateContainerResponse response) {
    return answering("CreateContainer", _ -> response);
  }

  /** Says that it has no such method. */
  public TestPlugin without(String method) {
    return answering(
        method,
        _ -> {
          throw new PeerException.Refused(
              PeerException.Refused.UNIMPLEMENTED, "method " + method + " not found");
        });
  }

  /** Registers, and returns when everything there is has been told. */
  public TestPlugin register(String index, String name) throws Exception {
    peer.start();
    var _ =
        call(
            "RegisterPlugin",
            RegisterPluginRequest.newBuilder().setPluginIdx(index).setPluginName(name).build());
    var _ = synchronised.get(LIMIT.toSeconds(), TimeUnit.SECONDS);
    return this;
  }

  /** Starts to register and does not wait. */
  public void beginToRegister(String index, String name) throws Exception {
    peer.start();
    var _ =
        call(
            "RegisterPlugin",
            RegisterPluginRequest.newBuilder().setPluginIdx(index).setPluginName(name).build());
  }

  /** Changes containers without being asked. */
  public UpdateContainersResponse update(ContainerUpdate... updates) throws Exception {
    return UpdateContainersResponse.parseFrom(
        call(
            "UpdateContainers",
            UpdateContainersRequest.newBuilder().addAllUpdate(List.of(updates)).build()));
  }

  private ByteString call(String method, MessageLite request)
      throws PeerException, InterruptedException {
    return peer.call("nri.pkg.api.v1alpha1.Runtime", method, request.toByteString(), LIMIT);
  }

  /** What it was told of everything there is. */
  public Everything everything() {
    return synchronised.join();
  }

  /** What it was configured with. */
  public ConfigureRequest configuration() {
    return configured.join();
  }

  /**
   * What it was called for, in order: the method, and for StateChange the event; then a space and
   * the name of the container or, if there is none, of the pod.
   */
  public List<String> calls() {
    return List.copyOf(calls);
  }

  /** Whether Hearth still holds the connection. */
  public boolean connected() {
    return peer.open();
  }

  @Override
  public ByteString handle(String service, String method, ByteString payload)
      throws PeerException.Refused {
    try {
      note(method, payload);
      Answer answer = answers.get(method);
      if (answer != null) {
        return answer.to(payload).toByteString();
      }
      return switch (method) {
        case "Configure" -> ConfigureResponse.getDefaultInstance().toByteString();
        case "Synchronize" -> synchronise(SynchronizeRequest.parseFrom(payload)).toByteString();
        default -> Empty.getDefaultInstance().toByteString();
      };
    } catch (PeerException.Refused e) {
      throw e;
    } catch (Exception e) {
      throw new PeerException.Refused(
          PeerException.Refused.UNKNOWN, String.valueOf(e.getMessage()));
    }
  }

  private void note(String method, ByteString payload) throws InvalidProtocolBufferException {
    switch (method) {
      case "Configure" -> configured.complete(ConfigureRequest.parseFrom(payload));
      case "Synchronize", "Shutdown" -> {}
      case "StateChange" -> {
        StateChangeEvent change = StateChangeEvent.parseFrom(payload);
        calls.add(change.getEvent() + " " + name(change.getPod(), change.getContainer()));
      }
      default -> {
        // All requests begin with the pod; those about containers go on with the container.
        if (method.contains("Container")) {
          CreateContainerRequest request = CreateContainerRequest.parseFrom(payload);
          calls.add(method + " " + name(request.getPod(), request.getContainer()));
        } else {
          PodSandbox pod = RunPodSandboxRequest.parseFrom(payload).getPod();
          calls.add(method + " " + pod.getName());
        }
      }
    }
  }

  private static String name(PodSandbox pod, Container container) {
    return container.getName().isEmpty() ? pod.getName() : container.getName();
  }

  /** Puts the pieces of the list together. */
  public SynchronizeResponse synchronise(SynchronizeRequest request) {
    pods.addAll(request.getPodsList());
    containers.addAll(request.getContainersList());
    if (!request.getMore()) {
      synchronised.complete(new Everything(List.copyOf(pods), List.copyOf(containers)));
    }
    return SynchronizeResponse.newBuilder().setMore(request.getMore()).build();
  }

  @Override
  public void close() {
    peer.close();
  }
}
