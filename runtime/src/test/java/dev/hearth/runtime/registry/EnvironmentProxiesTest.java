package dev.hearth.runtime.registry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.net.URI;
import java.util.Map;
import org.junit.jupiter.api.Test;

class EnvironmentProxiesTest {
  private final EnvironmentProxies proxies =
      new EnvironmentProxies(
          Map.of(
              "https_proxy", "http://user:pass@proxy:3128",
              "HTTP_PROXY", "other",
              "NO_PROXY", "corp.example, .intern,10.0.0.1:5000,*.star"));

  private String through(String url) {
    return proxies.select(URI.create(url)).getFirst().toString();
  }

  @Test
  void choosesByScheme() {
    assertThat(through("https://quay.io/x")).contains("proxy", "3128");
    assertThat(through("http://quay.io/x")).contains("other", "80");
  }

  @Test
  void heedsExceptionsAndLoopback() {
    for (String direct :
        new String[] {
          "https://corp.example/",
          "https://a.corp.example/",
          "https://a.intern/",
          "https://10.0.0.1:5000/",
          "https://a.star/",
          "http://127.0.0.1:5000/",
          "http://localhost/"
        }) {
      assertThat(through(direct)).as(direct).isEqualTo("DIRECT");
    }
    assertThat(through("https://notcorp.example/")).contains("proxy");
    assertThat(through("https://10.0.0.1/")).contains("proxy");
  }

  @Test
  void doesNotRepeatAMalformedValue() {
    assertThatThrownBy(() -> new EnvironmentProxies(Map.of("HTTP_PROXY", "http://:secret@")))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageNotContaining("secret");
  }
}
