package dev.hearth.e2e;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.hearth.linux.testing.NeedsRoot;
import dev.hearth.proto.cri.v1.AuthConfig;
import dev.hearth.proto.cri.v1.ImageSpec;
import dev.hearth.proto.cri.v1.PullImageRequest;
import dev.hearth.testing.GuardedRegistry;
import dev.hearth.testing.GuardedRegistry.Scheme;
import dev.hearth.testing.TestBed;
import dev.hearth.testing.TestPod;
import io.grpc.Status;
import java.io.IOException;
import java.util.Base64;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Credentials that come with PullImage, in every form that the contract has for them. */
@NeedsRoot
class CredentialsE2E {
  @RegisterExtension static final TestBed BED = new TestBed();

  private static AuthConfig user(String password) {
    return AuthConfig.newBuilder().setUsername(GuardedRegistry.USER).setPassword(password).build();
  }

  private static AuthConfig encoded() {
    String pair = GuardedRegistry.USER + ":" + GuardedRegistry.PASSWORD;
    return AuthConfig.newBuilder()
        .setAuth(Base64.getEncoder().encodeToString(pair.getBytes(UTF_8)))
        .build();
  }

  private static String pull(GuardedRegistry registry, AuthConfig credentials) {
    return BED.cri()
        .images()
        .pullImage(
            PullImageRequest.newBuilder()
                .setImage(ImageSpec.newBuilder().setImage(registry.host() + "/hearth/busybox:1"))
                .setAuth(credentials)
                .build())
        .getImageRef();
  }

  private static void assertLetIn(GuardedRegistry registry, List<AuthConfig> all) {
    String id = BED.cri().pull(BED.busybox());
    for (AuthConfig credentials : all) {
      assertThat(pull(registry, credentials)).isEqualTo(id);
      BED.cri().removeImage(registry.host() + "/hearth/busybox:1");
    }
  }

  private static void assertTurnedAway(GuardedRegistry registry, List<AuthConfig> all) {
    for (AuthConfig credentials : all) {
      Status status = TestPod.refusal(() -> pull(registry, credentials));
      assertThat(status.getCode()).isEqualTo(Status.Code.UNAUTHENTICATED);
      assertThat(status.getDescription())
          .contains(registry.host())
          .doesNotContain(GuardedRegistry.PASSWORD);
    }
  }

  @Test
  void aUserIsLetInByNameAndPasswordInEitherForm() throws IOException {
    try (var registry = GuardedRegistry.start(BED.registry(), Scheme.BASIC)) {
      AuthConfig elsewhere =
          user(GuardedRegistry.PASSWORD).toBuilder().setServerAddress("registry.example").build();
      AuthConfig here = elsewhere.toBuilder().setServerAddress("http://" + registry.host()).build();
      assertLetIn(registry, List.of(user(GuardedRegistry.PASSWORD), encoded(), here));
      assertTurnedAway(
          registry, List.of(AuthConfig.getDefaultInstance(), user("wrong"), elsewhere));
    }
  }

  @Test
  void aTokenIsFetchedForAUserOrAnIdentityOrSentAsItIs() throws IOException {
    AuthConfig identity =
        AuthConfig.newBuilder().setIdentityToken(GuardedRegistry.IDENTITY).build();
    AuthConfig token = AuthConfig.newBuilder().setRegistryToken(GuardedRegistry.TOKEN).build();
    try (var registry = GuardedRegistry.start(BED.registry(), Scheme.BEARER)) {
      assertLetIn(registry, List.of(user(GuardedRegistry.PASSWORD), encoded(), identity, token));
      assertTurnedAway(
          registry,
          List.of(
              AuthConfig.getDefaultInstance(),
              user("wrong"),
              identity.toBuilder().setIdentityToken("another").build(),
              token.toBuilder().setRegistryToken("another").build()));
    }
  }
}
