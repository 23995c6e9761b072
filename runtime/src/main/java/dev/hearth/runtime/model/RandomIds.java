package dev.hearth.runtime.model;

import java.security.SecureRandom;
import java.util.HexFormat;

/** Fresh ids for pods and containers. Thread-safe. */
public final class RandomIds {
  private final SecureRandom random = new SecureRandom();

  public PodId pod() {
    return new PodId(hex());
  }

  public ContainerId container() {
    return new ContainerId(hex());
  }

  private String hex() {
    byte[] bytes = new byte[32];
    random.nextBytes(bytes);
    return HexFormat.of().formatHex(bytes);
  }
}
