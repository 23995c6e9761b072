package dev.hearth.bench;

import static org.assertj.core.api.Assertions.assertThat;

import dev.hearth.bench.Measure.Unit;
import java.io.StringReader;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.DoubleStream;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.xml.sax.InputSource;

class ReportTest {
  private static final Machine MACHINE = new Machine("6.1", "a <fast> one", 2, 4096, "25");
  private static final Measure POD = Measure.of("pod", "a pod", Unit.MILLISECONDS, 5);

  @Test
  void samplesKnowTheirMedianAndTheir99thPercentile() {
    var hundred = new Samples(DoubleStream.iterate(100, v -> v - 1).limit(100).boxed().toList());

    assertThat(hundred.median()).isEqualTo(50.5);
    assertThat(hundred.p99()).isEqualTo(99);
    assertThat(hundred.smallest()).isEqualTo(1);
    assertThat(Samples.of(3).p99()).isEqualTo(3);
    assertThat(Samples.of(1, 9, 2).median()).isEqualTo(2);
  }

  @Test
  void theTableComparesWithTheBestPeerAndTheBudget() {
    var results = new Results();
    results.add(POD, "containerd+runc", 160);
    results.add(POD, "containerd+crun", 100);
    results.add(POD, "hearth", 4);

    assertThat(new Report(results, MACHINE, LocalDate.EPOCH).table())
        .contains("| p50 / p99 | hearth | containerd+runc | containerd+crun | best peer / hearth |")
        .contains("| a pod, ms | 4.00 | 160 | 100 | 25.0x | 5.00, met |");
  }

  @Test
  void aMissedBudgetIsSaidSo() {
    var results = new Results();
    results.add(POD, "hearth", 5.1);

    assertThat(new Report(results, MACHINE, LocalDate.EPOCH).table())
        .contains("| a pod, ms | 5.10 | – | 5.00, **missed** |");
  }

  @Test
  void thePlotIsXml() throws Exception {
    var results = new Results();
    results.add(POD, "hearth", 0.0001);
    results.add(POD, "containerd+runc", 12345);

    String svg = new Plot(results.all(), "a < b & c").svg();

    assertThat(
            DocumentBuilderFactory.newInstance()
                .newDocumentBuilder()
                .parse(new InputSource(new StringReader(svg)))
                .getDocumentElement()
                .getTagName())
        .isEqualTo("svg");
  }

  @Test
  void everybodyHasATurnInEveryRoundAndNobodyIsAlwaysFirst() throws Exception {
    var turns = new ArrayList<String>();
    var results = new Results();

    new Alternation(2, 1)
        .run(
            List.of("a", "b"),
            results,
            (contender, into) -> {
              turns.add(contender);
              into.add(POD, contender, turns.size());
            });

    assertThat(turns).containsExactly("a", "b", "b", "a", "a", "b");
    assertThat(results.all())
        .containsEntry(POD, Map.of("a", Samples.of(4, 5), "b", Samples.of(3, 6)));
  }
}
