package dev.hearth.bench;

import static dev.hearth.bench.Measure.Unit.MILLISECONDS;
import static dev.hearth.bench.Measure.Unit.SECONDS;

import dev.hearth.bench.Site.Contenders;
import dev.hearth.testing.TestImage.Format;
import dev.hearth.testing.TestLayer.Compression;

/** Pulling and removing images that the runtime does not have. */
final class PullSuite implements Suite {
  private static final Measure SMALL =
      Measure.of("pull-small", "pull of busybox, three layers", MILLISECONDS);
  private static final Measure GZIP =
      Measure.of("pull-gzip", "pull of 20,000 files, gzip", SECONDS, 0.8);
  private static final Measure ZSTD = Measure.of("pull-zstd", "the same, zstd", SECONDS);
  private static final Measure TEN = Measure.of("pull-ten", "the same, gzip, ten layers", SECONDS);
  private static final Measure REMOVE =
      Measure.of("remove-image", "RemoveImage of 20,000 files", MILLISECONDS);

  private final Alternation alternation;

  PullSuite(int rounds) {
    alternation = new Alternation(rounds, 1);
  }

  @Override
  public String name() {
    return "pull";
  }

  @Override
  public void measure(Site site, Contenders contenders, Results results) throws Exception {
    var images = site.images();
    pull(SMALL, site.busybox(), contenders, results);
    pull(
        GZIP,
        site.push("bench/many:gzip", images.manyFiles(Format.DOCKER, Compression.GZIP)),
        contenders,
        results);
    pull(
        ZSTD,
        site.push("bench/many:zstd", images.manyFiles(Format.OCI, Compression.ZSTD)),
        contenders,
        results);
    pull(
        TEN,
        site.push("bench/many:ten", images.manyFilesInTenLayers(Format.DOCKER, Compression.GZIP)),
        contenders,
        results);
  }

  private void pull(Measure measure, String image, Contenders contenders, Results results)
      throws Exception {
    alternation.run(
        contenders.daemons(),
        results,
        (contender, into) -> {
          // Whoever went before may have left much to be written; that is not this one's work.
          Processes.run("sync");
          long start = System.nanoTime();
          contender.cri().pull(image);
          into.addSince(measure, contender.name(), start);
          long remove = System.nanoTime();
          contender.cri().removeImage(image);
          if (measure.equals(GZIP)) {
            into.addSince(REMOVE, contender.name(), remove);
          }
        });
  }
}
