package dev.hearth.kubernetes;

import dev.hearth.testing.Await;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;

/**
 * etcd, API server, controller manager and scheduler on free ports of the loopback device, with all
 * they write in one folder. Nothing of it is flushed to disk.
 */
public final class ControlPlane implements AutoCloseable {
  private static final Duration LIMIT = Duration.ofMinutes(2);
  private static final Duration PAUSE = Duration.ofMillis(100);
  private static final String LOOPBACK = "127.0.0.1:";
  private static final String TOKEN = "hearth-test";

  private final Programs programs;
  private final Path folder;
  private final String nodeAddress;
  private final int port;
  private final List<Child> children = new ArrayList<>();
  private final KubeApi api;

  /**
   * Starts a control plane; returns when it is ready.
   *
   * @param nodeAddress an address of this machine that is not of the loopback device
   */
  public ControlPlane(Programs programs, Path folder, String nodeAddress) throws IOException {
    this.programs = programs;
    this.folder = Files.createDirectories(folder);
    this.nodeAddress = nodeAddress;
    this.port = freePort();
    try {
      writeKeys();
      int etcd = freePort();
      startEtcd(etcd);
      Child server = startServer(etcd);
      Path certificates = folder.resolve("apiserver.crt");
      Await.until(() -> "certificates", LIMIT, PAUSE, () -> exists(server, certificates));
      api = new KubeApi(URI.create("https://" + LOOPBACK + port), TOKEN, certificates);
      Await.until(server::endOfLog, LIMIT, PAUSE, () -> isReady(server));
      writeKubeconfig(certificates);
      startControllers();
    } catch (IOException | AssertionError e) {
      children.reversed().forEach(Child::kill);
      throw e;
    }
  }

  /** A port that is free at the moment. */
  static int freePort() throws IOException {
    try (var probe = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return probe.getLocalPort();
    }
  }

  public KubeApi api() {
    return api;
  }

  /** How an administrator, and the kubelet, reach the API. */
  public Path kubeconfig() {
    return folder.resolve("kubeconfig");
  }

  /** Waits until the node is Ready and pods can be made. */
  public void awaitUsable() {
    Await.until(
        () -> "the node to be Ready: " + api.text("/api/v1/nodes"),
        LIMIT,
        PAUSE,
        () ->
            api.find("/api/v1/nodes/" + Kubelet.NODE)
                    .filter(node -> Cluster.condition(node, "Ready").equals("True"))
                    .isPresent()
                && api.find("/api/v1/namespaces/default/serviceaccounts/default").isPresent());
  }

  private static boolean exists(Child server, Path file) {
    server.requireAlive();
    return Files.exists(file);
  }

  private boolean isReady(Child server) {
    server.requireAlive();
    return api.isReady();
  }

  private void startEtcd(int port) throws IOException {
    String client = "http://" + LOOPBACK + port;
    String peer = "http://" + LOOPBACK + freePort();
    start(
        "etcd",
        "--data-dir=" + folder.resolve("etcd"),
        "--listen-client-urls=" + client,
        "--advertise-client-urls=" + client,
        "--listen-peer-urls=" + peer,
        "--initial-advertise-peer-urls=" + peer,
        "--initial-cluster=default=" + peer,
        "--unsafe-no-fsync",
        "--log-level=warn");
  }

  private Child startServer(int etcd) throws IOException {
    return start(
        "kube-apiserver",
        "--etcd-servers=http://" + LOOPBACK + etcd,
        "--bind-address=127.0.0.1",
        "--secure-port=" + port,
        "--advertise-address=" + nodeAddress,
        "--cert-dir=" + folder,
        "--service-account-key-file=" + folder.resolve("sa.pub"),
        "--service-account-signing-key-file=" + folder.resolve("sa.key"),
        "--service-account-issuer=https://kubernetes.default.svc",
        "--service-cluster-ip-range=10.98.0.0/16",
        "--token-auth-file=" + folder.resolve("tokens.csv"),
        "--authorization-mode=RBAC",
        "--allow-privileged=true",
        // The node is called localhost and its kubelet listens there.
        "--kubelet-preferred-address-types=Hostname");
  }

  private void startControllers() throws IOException {
    String kubeconfig = "--kubeconfig=" + kubeconfig();
    start(
        "kube-controller-manager",
        kubeconfig,
        "--service-account-private-key-file=" + folder.resolve("sa.key"),
        "--root-ca-file=" + folder.resolve("apiserver.crt"),
        "--bind-address=127.0.0.1",
        "--secure-port=" + freePort(),
        "--cert-dir=" + folder.resolve("controllers"),
        "--leader-elect=false");
    start(
        "kube-scheduler",
        kubeconfig,
        "--bind-address=127.0.0.1",
        "--secure-port=" + freePort(),
        "--cert-dir=" + folder.resolve("scheduler"),
        "--leader-elect=false");
  }

  private Child start(String name, String... options) throws IOException {
    List<String> command = new ArrayList<>();
    command.add(programs.program(name).toString());
    command.addAll(List.of(options));
    Child child = Child.start(folder.resolve(name + ".log"), command);
    children.add(child);
    return child;
  }

  private void writeKeys() throws IOException {
    try {
      KeyPair keys = KeyPairGenerator.getInstance("RSA").generateKeyPair();
      writePem("sa.key", "PRIVATE KEY", keys.getPrivate().getEncoded());
      writePem("sa.pub", "PUBLIC KEY", keys.getPublic().getEncoded());
    } catch (NoSuchAlgorithmException e) {
      throw new IOException("this JDK has no RSA", e);
    }
    Files.writeString(folder.resolve("tokens.csv"), TOKEN + ",admin,admin,\"system:masters\"\n");
  }

  private void writePem(String file, String what, byte[] content) throws IOException {
    String lines = Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(content);
    Files.writeString(
        folder.resolve(file),
        "-----BEGIN %1$s-----\n%2$s\n-----END %1$s-----\n".formatted(what, lines));
  }

  private void writeKubeconfig(Path certificates) throws IOException {
    Files.writeString(
        kubeconfig(),
        """
        apiVersion: v1
        kind: Config
        current-context: test
        clusters: [{name: test, cluster: {server: "https://%s", certificate-authority: %s}}]
        contexts: [{name: test, context: {cluster: test, user: admin}}]
        users: [{name: admin, user: {token: %s}}]
        """
            .formatted(LOOPBACK + port, certificates, TOKEN));
  }

  @Override
  public void close() {
    api.close();
    children.reversed().forEach(Child::close);
  }
}
