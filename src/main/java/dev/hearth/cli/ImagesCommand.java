package dev.hearth.cli;

import dev.hearth.proto.cri.v1.Image;
import dev.hearth.proto.cri.v1.ListImagesRequest;
import dev.hearth.proto.cri.v1.ListImagesResponse;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

final class ImagesCommand implements Subcommand {
  private static final String NONE = "<none>";

  private static final Option<Boolean> QUIET =
      Option.flag("Whole ids and nothing else.", "-q", "--quiet");
  private static final Option<OutputFormat> OUTPUT = Option.format("table (default) or json.");

  @Override
  public Usage usage() {
    return Usage.of("hearth images", "Lists images by name.").with(QUIET, OUTPUT);
  }

  @Override
  public int run(Given given, Session session) {
    ListImagesResponse answer;
    try (Daemon daemon = session.daemon()) {
      answer = daemon.images().listImages(ListImagesRequest.getDefaultInstance());
    }
    if (given.wantsJson(OUTPUT)) {
      session.out().println(Json.pretty(Json.of(answer)));
    } else if (given.has(QUIET)) {
      answer.getImagesList().forEach(image -> session.out().println(image.getId()));
    } else {
      print(answer.getImagesList(), session);
    }
    return ExitCode.OK;
  }

  private static void print(List<Image> images, Session session) {
    var rows = new ArrayList<String[]>();
    for (Image image : images) {
      for (String[] name : names(image)) {
        rows.add(
            new String[] {
              name[0], name[1], Plain.shortId(image.getId()), Plain.bytes(image.getSize())
            });
      }
    }
    rows.sort(Comparator.<String[], String>comparing(row -> row[0]).thenComparing(row -> row[1]));
    var table = new Table("IMAGE", "TAG", "ID", "SIZE");
    rows.forEach(table::row);
    table.print(session.out());
  }

  /** Name and tag of each tag; of an untagged image the name its digest is known by. */
  private static List<String[]> names(Image image) {
    if (image.getRepoTagsCount() > 0) {
      return image.getRepoTagsList().stream().map(ImagesCommand::split).toList();
    }
    String digest = image.getRepoDigestsCount() > 0 ? image.getRepoDigests(0) : NONE;
    int at = digest.indexOf('@');
    return List.<String[]>of(new String[] {at < 0 ? digest : digest.substring(0, at), NONE});
  }

  private static String[] split(String tagged) {
    // The colon of a registry's port comes before the last slash.
    int colon = tagged.indexOf(':', tagged.lastIndexOf('/') + 1);
    return colon < 0
        ? new String[] {tagged, NONE}
        : new String[] {tagged.substring(0, colon), tagged.substring(colon + 1)};
  }
}
