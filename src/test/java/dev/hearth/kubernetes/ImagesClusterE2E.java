package dev.hearth.kubernetes;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hearth.testing.GuardedRegistry;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** How images come to the node. */
@SideBySide
class ImagesClusterE2E {
  @RegisterExtension static final ClusterBed BED = new ClusterBed();

  private static Cluster cluster() {
    return BED.cluster();
  }

  private static KubePod run(String name, String image, String more) {
    return cluster()
        .run(
            name,
            """
            restartPolicy: Never
            containers:
            - {name: main, image: "%s", command: [echo, ran], %s}
            """
                .formatted(image, more));
  }

  @Test
  void severalImagesArePulledAtOnce() throws IOException {
    var pods = new ArrayList<KubePod>();
    for (int number = 0; number < 6; number++) {
      String image = cluster().push("parallel/number-" + number + ":1");
      pods.add(run("pull-" + number, image, "imagePullPolicy: Always"));
    }
    for (KubePod pod : pods) {
      pod.awaitPhase("Succeeded");
      assertThat(pod.lines()).containsExactly("ran");
      assertThat(pod.container("main").at("imageID").text()).contains("sha256:");
      pod.close();
    }
  }

  @Test
  void anImageThatIsNotThereIsTriedAgainUntilItIs() throws IOException {
    String image = cluster().image().replace("busybox:1", "later:1");
    try (KubePod pod = run("pull-later", image, "imagePullPolicy: IfNotPresent")) {
      pod.awaitContainer(
          "main",
          "refused",
          status ->
              List.of("ErrImagePull", "ImagePullBackOff")
                  .contains(status.at("state.waiting.reason").text()));
      cluster().push("hearth/later:1");
      pod.awaitPhase("Succeeded");
    }
  }

  @Test
  void anImageThatMustBeThereAndIsNotIsSaidSo() {
    try (KubePod pod =
        run(
            "pull-never",
            cluster().image().replace("busybox:1", "never:1"),
            "imagePullPolicy: Never")) {
      pod.awaitContainer(
          "main",
          "refused",
          status -> status.at("state.waiting.reason").text().equals("ErrImageNeverPull"));
    }
  }

  @Test
  void aPrivateImageNeedsTheSecretOfItsRegistry() throws IOException {
    cluster().push("private/image:1");
    String image = cluster().guarded().host() + "/private/image:1";
    try (KubePod pod = run("private-no", image, "imagePullPolicy: Always")) {
      pod.awaitContainer(
          "main",
          "refused",
          status -> status.at("state.waiting.reason").text().equals("ErrImagePull"));
    }
    String login =
        "{\"auths\": {\"%s\": {\"username\": \"%s\", \"password\": \"%s\"}}}"
            .formatted(cluster().guarded().host(), GuardedRegistry.USER, GuardedRegistry.PASSWORD);
    cluster()
        .create(
            "secrets",
            "{apiVersion: v1, kind: Secret, metadata: {name: login}, type: kubernetes.io/dockerconfigjson, data: {.dockerconfigjson: %s}}"
                .formatted(
                    Base64.getEncoder()
                        .encodeToString(login.getBytes(java.nio.charset.StandardCharsets.UTF_8))));
    try (KubePod pod =
        cluster()
            .run(
                "private-yes",
                """
                restartPolicy: Never
                imagePullSecrets: [{name: login}]
                containers: [{name: main, image: "%s", imagePullPolicy: Always, command: [echo, ran]}]
                """
                    .formatted(image))) {
      pod.awaitPhase("Succeeded");
    }
  }
}
