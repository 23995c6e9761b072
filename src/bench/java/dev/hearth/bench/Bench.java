package dev.hearth.bench;

import dev.hearth.bench.Site.Party;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;

/**
 * {@code Bench [SUITE...] [--short | --long] [--peers | --alone] [--publish]}: measures, prints a
 * table and writes it with its JSON and plot to {@code src/target/bench}. {@code --long} makes a
 * million ExecSyncs, which takes about an hour. {@code --publish} also puts the results into docs.
 */
public final class Bench {
  private static final String BEGIN = "<!-- measured -->\n";
  private static final String END = "<!-- end of measured -->";

  private Bench() {}

  public static void main(String[] arguments) throws Exception {
    var names = new ArrayList<>(List.of(arguments));
    boolean publish = names.remove("--publish");
    Party party =
        names.remove("--peers") ? Party.PEERS : names.remove("--alone") ? Party.HEARTH : Party.ALL;
    boolean brief = names.remove("--short");
    boolean lengthy = names.remove("--long");
    List<Suite> suites = suites(brief, lengthy ? 1_000_000 : brief ? 1_000 : 10_000);
    List<String> known = suites.stream().map(Suite::name).toList();
    if (!known.containsAll(names)) {
      System.err.println(
          "there are "
              + known
              + ", --short, --long, --peers, --alone and --publish, but not all of "
              + names);
      System.exit(2);
    }
    var results = new Results();
    try (var site = new Site(Site.defaultFolder());
        var contenders = site.contenders(party)) {
      for (Suite suite : suites) {
        if (names.isEmpty() ? suite.isUsual() : names.contains(suite.name())) {
          System.out.println("measuring " + suite.name() + " …");
          suite.measure(site, contenders, results);
        }
      }
    }
    var report = new Report(results, Machine.here(), LocalDate.now(ZoneOffset.UTC));
    System.out.println(report.table());
    report.write(Path.of("src/target/bench"));
    if (publish) {
      publish(report);
    }
    System.exit(0);
  }

  private static List<Suite> suites(boolean brief, int execs) {
    return brief
        ? List.of(
            new BareSuite(10),
            new PodSuite(10),
            new BurstSuite(10, 1),
            new LoadSuite(10, 30),
            new ExecSuite(execs, Math.min(execs, 10_000)),
            new PullSuite(1),
            new NodeSuite(10, 1))
        : List.of(
            new BareSuite(100),
            new PodSuite(100),
            new BurstSuite(50, 3),
            new LoadSuite(100, 300),
            new ExecSuite(execs, Math.min(execs, 10_000)),
            new PullSuite(5),
            new NodeSuite(100, 2));
  }

  private static void publish(Report report) throws IOException {
    report.write(Path.of("docs/bench"));
    Path budgets = Path.of("docs/budgets.md");
    String text = Files.readString(budgets);
    int begin = text.indexOf(BEGIN) + BEGIN.length();
    int end = text.indexOf(END);
    Files.writeString(budgets, text.substring(0, begin) + report.table() + text.substring(end));
  }
}
