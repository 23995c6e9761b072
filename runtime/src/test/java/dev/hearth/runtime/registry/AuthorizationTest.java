package dev.hearth.runtime.registry;

import static dev.hearth.runtime.registry.FakeRegistry.redirect;
import static dev.hearth.runtime.registry.FakeRegistry.status;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.hearth.runtime.model.Digest;
import dev.hearth.runtime.model.ImageReference;
import dev.hearth.runtime.registry.Credentials.Secret;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The dance of challenges and tokens, and who gets to see a credential. */
@Timeout(60)
class AuthorizationTest {
  private static final String MANIFEST = "{\"schemaVersion\":2,\"manifests\":[]}";
  private static final String BASIC = "Basic " + base64("user:päss");
  private static final Credentials USER = credentials(new Secret.Password("user", "päss"));

  private final FakeRegistry registry = new FakeRegistry();
  private final FakeRegistry tokens = new FakeRegistry();
  private volatile Instant now = Instant.parse("2026-01-01T00:00:00Z");
  private final List<Duration> pauses = new ArrayList<>();
  private final List<AutoCloseable> open = new ArrayList<>(List.of(registry, tokens));

  AuthorizationTest() {
    registry.manifest("a/b", "1", MediaTypes.OCI_INDEX, MANIFEST);
    giveToken("T1", 300);
  }

  @AfterEach
  void close() throws Exception {
    for (AutoCloseable one : open) {
      one.close();
    }
  }

  private static String base64(String text) {
    return Base64.getEncoder().encodeToString(text.getBytes(UTF_8));
  }

  private static Credentials credentials(Secret secret) {
    return new Credentials(secret, "");
  }

  private void giveToken(String token, int seconds) {
    tokens.serve(
        "/token",
        "application/json",
        ("{\"token\":\"" + token + "\",\"expires_in\":" + seconds + "}").getBytes(UTF_8));
  }

  private RegistryClient client(RegistryHosts hosts) {
    RegistryClient client = Clients.client(hosts, pauses, () -> now, Duration.ofSeconds(20));
    open.add(client);
    return client;
  }

  private Repository repository(RegistryClient client, Credentials credentials)
      throws RegistryException {
    return client.repository(ImageReference.parse(registry.domain() + "/a/b:1"), credentials);
  }

  private Repository repository(Credentials credentials) throws RegistryException {
    return repository(client(RegistryHosts.DIRECT), credentials);
  }

  private void wantBasic() {
    registry.guard =
        seen ->
            seen.header("Authorization").equals(BASIC)
                ? Optional.empty()
                : Optional.of("Basic realm=\"here, \\\"there\\\"\"");
  }

  private void wantBearer(String token) {
    registry.guard =
        seen ->
            seen.header("Authorization").equals("Bearer " + token)
                ? Optional.empty()
                : Optional.of(
                    "Bearer realm=\""
                        + tokens.url()
                        + "/token\",service=\"the registry\",scope=\"repository:a/b:pull\"");
  }

  @Test
  void sendsNothingBeforeItIsAsked() throws Exception {
    wantBasic();
    RegistryClient client = client(RegistryHosts.DIRECT);
    repository(client, USER).manifest("1");
    repository(client, USER).manifest("1");
    assertThat(registry.seen().stream().map(s -> s.header("Authorization")))
        .containsExactly("", BASIC, BASIC);
  }

  @Test
  void saysThatCredentialsAreMissingOrWrong() throws Exception {
    wantBasic();
    assertThatThrownBy(() -> repository(Credentials.NONE).manifest("1"))
        .isInstanceOf(RegistryException.Denied.class)
        .hasMessageContaining("needs credentials")
        .hasMessageContaining("a/b");
    assertThatThrownBy(
            () -> repository(credentials(new Secret.Password("user", "secret"))).manifest("1"))
        .isInstanceOf(RegistryException.Denied.class)
        .hasMessageContaining("do not open it")
        .hasMessageNotContaining("secret");
    assertThat(pauses).isEmpty();
  }

  @Test
  void copesWithARefusalWithoutAChallenge() throws Exception {
    registry.fault("/v2/a/b/manifests/1", status(401));
    assertThatThrownBy(() -> repository(USER).manifest("1"))
        .isInstanceOf(RegistryException.Denied.class)
        .hasMessageContaining("as told");
  }

  @Test
  void obtainsATokenForAUserOnceForAllRequests() throws Exception {
    wantBearer("T1");
    RegistryClient client = client(RegistryHosts.DIRECT);
    repository(client, USER).manifest("1");
    repository(client, USER).manifest("1");
    assertThat(tokens.seen()).hasSize(1);
    assertThat(tokens.seen().getFirst().header("Authorization")).isEqualTo(BASIC);
    assertThat(tokens.seen().getFirst().path())
        .isEqualTo("/token?service=the+registry&scope=repository%3Aa%2Fb%3Apull");
    assertThat(registry.seen().stream().map(s -> s.header("Authorization")))
        .containsExactly("", "Bearer T1", "Bearer T1");
  }

  @Test
  void obtainsATokenForNobody() throws Exception {
    wantBearer("T1");
    repository(Credentials.NONE).manifest("1");
    assertThat(tokens.seen().getFirst().header("Authorization")).isEmpty();
  }

  @Test
  void keepsTokensOfDifferentCredentialsApart() throws Exception {
    wantBearer("T1");
    RegistryClient client = client(RegistryHosts.DIRECT);
    repository(client, USER).manifest("1");
    giveToken("T2", 300);
    assertThatThrownBy(() -> repository(client, Credentials.NONE).manifest("1"))
        .isInstanceOf(RegistryException.Denied.class);
  }

  @Test
  void obtainsANewTokenWhenTheOldOneEndsOrIsRevoked() throws Exception {
    wantBearer("T1");
    RegistryClient client = client(RegistryHosts.DIRECT);
    repository(client, USER).manifest("1");
    giveToken("T2", 300);
    wantBearer("T2");
    repository(client, USER).manifest("1");
    assertThat(tokens.seen()).hasSize(2);
    giveToken("T3", 300);
    wantBearer("T3");
    now = now.plusSeconds(299);
    repository(client, USER).manifest("1");
    assertThat(tokens.seen()).hasSize(3);
  }

  @Test
  void fetchesOneTokenForParallelRequests() throws Exception {
    wantBearer("T1");
    RegistryClient client = client(RegistryHosts.DIRECT);
    try (var executor = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<FetchedManifest>> all = new ArrayList<>();
      repository(client, USER).manifest("1");
      now = now.plusSeconds(400);
      for (int i = 0; i < 8; i++) {
        all.add(executor.submit(() -> repository(client, USER).manifest("1")));
      }
      for (Future<FetchedManifest> one : all) {
        one.get();
      }
    }
    assertThat(tokens.seen()).hasSize(2);
  }

  @Test
  void exchangesAnIdentityToken() throws Exception {
    wantBearer("T1");
    repository(credentials(new Secret.IdentityToken("id&tok"))).manifest("1");
    assertThat(tokens.seen().getFirst().method()).isEqualTo("POST");
    assertThat(tokens.seen().getFirst().path()).isEqualTo("/token");
  }

  @Test
  void sendsARegistryTokenAsItIs() throws Exception {
    wantBearer("T9");
    repository(credentials(new Secret.RegistryToken("T9"))).manifest("1");
    assertThat(registry.seen()).hasSize(1);
    assertThatThrownBy(() -> repository(credentials(new Secret.RegistryToken("T8"))).manifest("1"))
        .isInstanceOf(RegistryException.Denied.class)
        .hasMessageNotContaining("T8");
    assertThat(tokens.seen()).isEmpty();
  }

  @Test
  void bearsWithATokenServiceToo() throws Exception {
    wantBearer("T1");
    tokens.fault("/token", status(503), status(429));
    repository(USER).manifest("1");
    assertThat(pauses).hasSize(2);
    tokens.fault("/token", status(401));
    assertThatThrownBy(() -> repository(USER).manifest("1"))
        .isInstanceOf(RegistryException.Denied.class)
        .hasMessageContaining("token service");
  }

  @Test
  void refusesAnswersThatAreNoTokens() throws Exception {
    wantBearer("T1");
    for (String answer : List.of("", "[]", "{}", "{\"token\":\"a b\"}", "{\"token\":7}")) {
      tokens.serve("/token", "x", answer.getBytes(UTF_8));
      assertThatThrownBy(() -> repository(USER).manifest("1"))
          .as(answer)
          .isInstanceOf(RegistryException.ProtocolViolation.class);
    }
  }

  @Test
  void acceptsAnAccessTokenByItsOtherName() throws Exception {
    wantBearer("T1");
    tokens.serve("/token", "x", "{\"access_token\":\"T1\"}".getBytes(UTF_8));
    repository(USER).manifest("1");
  }

  @Test
  void sendsNoCredentialWhereARedirectLeads() throws Exception {
    wantBasic();
    Digest blob = registry.blob("a/b", new byte[100]);
    try (FakeRegistry storage = new FakeRegistry()) {
      storage.serve("/s", "x", new byte[100]);
      registry.fault("/v2/a/b/blobs/" + blob, redirect(storage.url() + "/s"));
      repository(USER).fetch(new Descriptor("x", blob, 100), 0, (bytes, offset, length) -> {});
      assertThat(storage.seen()).hasSize(1);
      assertThat(storage.seen().getFirst().header("Authorization")).isEmpty();
    }
  }

  @Test
  void givesNoCredentialAwayToARedirectedTokenService() throws Exception {
    wantBearer("T1");
    try (FakeRegistry thief = new FakeRegistry()) {
      tokens.fault("/token", redirect(thief.url() + "/token"));
      assertThatThrownBy(() -> repository(USER).manifest("1"))
          .isInstanceOf(RegistryException.class);
      tokens.fault("/token", redirect(thief.url() + "/token"));
      assertThatThrownBy(
              () -> repository(credentials(new Secret.IdentityToken("id"))).manifest("1"))
          .isInstanceOf(RegistryException.ProtocolViolation.class);
      assertThat(thief.seen()).allSatisfy(s -> assertThat(s.header("Authorization")).isEmpty());
      assertThat(thief.seen()).noneMatch(s -> s.method().equals("POST"));
    }
  }

  @Test
  void givesAMirrorOnlyCredentialsThatNameIt() throws Exception {
    try (FakeRegistry mirror = new FakeRegistry()) {
      mirror.manifest("a/b", "1", MediaTypes.OCI_INDEX, MANIFEST);
      mirror.guard =
          seen -> seen.header("Authorization").isEmpty() ? Optional.of("Basic") : Optional.empty();
      wantBasic();
      RegistryHosts hosts =
          domain ->
              List.of(
                  new RegistryHost(
                      URI.create(mirror.url() + "/v2"),
                      false,
                      Set.of(RegistryHost.Capability.values()),
                      TlsSettings.DEFAULT,
                      Map.of("X-Operator", List.of("yes"))),
                  RegistryHost.direct(domain));
      repository(client(hosts), USER).manifest("1");
      assertThat(mirror.seen())
          .hasSize(1)
          .allSatisfy(s -> assertThat(s.header("Authorization")).isEmpty())
          .allSatisfy(s -> assertThat(s.header("X-Operator")).isEqualTo("yes"))
          .allSatisfy(
              s -> assertThat(s.path()).endsWith("?ns=" + registry.domain().replace(":", "%3A")));
      assertThat(registry.seen()).hasSize(2).noneMatch(s -> s.header("X-Operator").equals("yes"));
      Secret secret = new Secret.Password("m", "m");
      repository(client(hosts), new Credentials(secret, "http://" + mirror.domain() + "/v1/"))
          .manifest("1");
      assertThat(mirror.seen())
          .last()
          .satisfies(s -> assertThat(s.header("Authorization")).startsWith("Basic"));
      assertThat(registry.seen()).hasSize(2);
    }
  }

  @Test
  void readsEveryFormOfCredentials() {
    assertThat(Credentials.of("u", "p", "", "", "", "").secret())
        .isEqualTo(new Secret.Password("u", "p"));
    assertThat(Credentials.of("", "", base64("u:p:q\0\0"), "", "", "").secret())
        .isEqualTo(new Secret.Password("u", "p:q"));
    assertThat(Credentials.of("", "", "", "", "i", "").secret())
        .isEqualTo(new Secret.IdentityToken("i"));
    assertThat(Credentials.of("u", "p", "", "", "i", "r").secret())
        .isEqualTo(new Secret.RegistryToken("r"));
    assertThat(Credentials.of("", "", "", "", "", "").isNone()).isTrue();
    assertThat(Credentials.of("u", "p", "", "https://index.docker.io/v1/", "", "").server())
        .isEqualTo("docker.io");
    assertThat(Credentials.of("u", "p", "", "Host:5000", "", "").server()).isEqualTo("host:5000");
    for (String auth : List.of("%%%", base64("nocolon"))) {
      assertThatThrownBy(() -> Credentials.of("", "", auth, "", "", ""))
          .hasMessageContaining("auth is not")
          .hasMessageNotContaining(auth);
    }
    assertThatThrownBy(() -> Credentials.of("", "", "", "", "", "a\r\nb"))
        .hasMessageContaining("registry token");
  }

  @Test
  void neverPrintsASecret() {
    for (Credentials one :
        List.of(
            USER,
            credentials(new Secret.IdentityToken("päss")),
            credentials(new Secret.RegistryToken("päss")))) {
      assertThat(one.toString() + one.secret()).doesNotContain("päss").doesNotContain("user");
    }
  }

  @Test
  void tellsCredentialsApartByFingerprint() {
    assertThat(USER.fingerprint())
        .isEqualTo(credentials(new Secret.Password("user", "päss")).fingerprint())
        .isNotEqualTo(credentials(new Secret.Password("user", "pass")).fingerprint())
        .isNotEqualTo(Credentials.NONE.fingerprint());
  }
}
