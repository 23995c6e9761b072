package dev.hearth.runtime.model;

import java.util.List;

/** resolv.conf of a pod: name servers, search domains, options (resolv.conf(5)). */
public record DnsConfig(List<String> servers, List<String> searches, List<String> options) {
  public DnsConfig {
    servers = List.copyOf(servers);
    searches = List.copyOf(searches);
    options = List.copyOf(options);
    line("DNS server", servers);
    line("DNS search domain", searches);
    line("DNS option", options);
  }

  private static void line(String field, List<String> values) {
    for (String value : values) {
      Checks.text(field, value);
      if (value.indexOf('\n') >= 0) {
        throw new HearthException.InvalidRequest(field + " contains a line break");
      }
    }
  }
}
