package dev.hearth.kubernetes;

import io.grpc.MethodDescriptor;
import io.grpc.MethodDescriptor.Marshaller;
import io.grpc.MethodDescriptor.MethodType;
import io.grpc.Server;
import io.grpc.ServerServiceDefinition;
import io.grpc.netty.NettyServerBuilder;
import io.grpc.stub.ServerCalls;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.util.concurrent.atomic.AtomicInteger;

/** Answers every call of grpc.health.v1.Health/Check with SERVING. */
final class HealthServer implements AutoCloseable {
  /** HealthCheckResponse with status SERVING: field 1, value 1. */
  private static final byte[] SERVING = {0x08, 0x01};

  private final AtomicInteger calls = new AtomicInteger();
  private final Server server;

  private HealthServer(String address) throws IOException {
    MethodDescriptor<byte[], byte[]> check =
        MethodDescriptor.<byte[], byte[]>newBuilder()
            .setType(MethodType.UNARY)
            .setFullMethodName("grpc.health.v1.Health/Check")
            .setRequestMarshaller(new Bytes())
            .setResponseMarshaller(new Bytes())
            .build();
    var service =
        ServerServiceDefinition.builder("grpc.health.v1.Health")
            .addMethod(
                check,
                ServerCalls.asyncUnaryCall((request, answer) -> {
                  calls.incrementAndGet();
                  answer.onNext(SERVING.clone());
                  answer.onCompleted();
                }))
            .build();
    server =
        NettyServerBuilder.forAddress(new InetSocketAddress(address, 0))
            .addService(service)
            .build()
            .start();
  }

  /** Starts at a free port of an address of this machine. */
  static HealthServer start(String address) throws IOException {
    return new HealthServer(address);
  }

  int port() {
    return server.getPort();
  }

  /** How often it was asked. */
  int calls() {
    return calls.get();
  }

  @Override
  public void close() {
    server.shutdownNow();
  }

  private static final class Bytes implements Marshaller<byte[]> {
    @Override
    public InputStream stream(byte[] value) {
      return new ByteArrayInputStream(value);
    }

    @Override
    public byte[] parse(InputStream stream) {
      try {
        return stream.readAllBytes();
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }
}
