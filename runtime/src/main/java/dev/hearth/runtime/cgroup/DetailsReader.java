package dev.hearth.runtime.cgroup;

import dev.hearth.runtime.cgroup.Details.DeviceIo;
import dev.hearth.runtime.cgroup.GroupFigures.Name;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Reads {@link Details}, each figure from where this host keeps it. Stateless. */
final class DetailsReader {
  private static final int V1_IO_WORDS = 3;

  private final CgroupFiles files;
  private final Layout layout;
  private final List<String> pageSizes;

  /**
   * @param pageSizes of huge pages this host has, as the kernel names them
   */
  DetailsReader(CgroupFiles files, Layout layout, List<String> pageSizes) {
    this.files = files;
    this.layout = layout;
    this.pageSizes = List.copyOf(pageSizes);
  }

  /** What is not counted, or no longer there, is left out. */
  Details read(CgroupPath group) {
    try (GroupFigures figures = new GroupFigures(files, layout, group)) {
      return isV2(Controller.MEMORY)
          ? details(figures, "memory.peak", memory(figures, "memory.events").get("max"))
          : details(
              figures,
              "memory.max_usage_in_bytes",
              figures.number(Name.of(Controller.MEMORY, "memory.failcnt")));
    }
  }

  private Details details(GroupFigures figures, String peak, long failures) {
    String kills = isV2(Controller.MEMORY) ? "memory.events" : "memory.oom_control";
    return new Details(
        figures.number(Name.of(Controller.MEMORY, peak)),
        failures,
        memory(figures, kills).get("oom_kill"),
        figures.number(Name.of(Controller.PIDS, "pids.max")),
        devices(figures),
        hugepagePeaks(figures));
  }

  private static KeyedValues memory(GroupFigures figures, String file) {
    return figures.keyed(Name.of(Controller.MEMORY, file));
  }

  private boolean isV2(Controller controller) {
    return layout.of(controller).map(Hierarchy::isV2).orElse(false);
  }

  private Map<String, Long> hugepagePeaks(GroupFigures figures) {
    Map<String, Long> peaks = new HashMap<>();
    if (!isV2(Controller.HUGETLB)) {
      for (String size : pageSizes) {
        String file = "hugetlb." + size + ".max_usage_in_bytes";
        long bytes = figures.number(Name.of(Controller.HUGETLB, file));
        if (bytes >= 0) {
          peaks.put(size, bytes);
        }
      }
    }
    return peaks;
  }

  private List<DeviceIo> devices(GroupFigures figures) {
    return isV2(Controller.IO)
        ? v2Devices(figures.text(Name.of(Controller.IO, "io.stat")))
        : v1Devices(
            figures.text(Name.of(Controller.IO, "blkio.throttle.io_service_bytes_recursive")),
            figures.text(Name.of(Controller.IO, "blkio.throttle.io_serviced_recursive")));
  }

  /** Lines {@code 8:0 rbytes=1 wbytes=2 rios=3 wios=4 dbytes=0 dios=0}. */
  private static List<DeviceIo> v2Devices(String text) {
    List<DeviceIo> devices = new ArrayList<>();
    for (String line : text.split("\n", -1)) {
      Map<String, Long> values = new HashMap<>();
      String[] words = line.split(" ", -1);
      for (String word : words) {
        int equals = word.indexOf('=');
        if (equals > 0) {
          values.put(word.substring(0, equals), GroupFigures.number(word.substring(equals + 1)));
        }
      }
      if (!values.isEmpty()) {
        devices.add(
            new DeviceIo(
                words[0],
                values.getOrDefault("rbytes", 0L),
                values.getOrDefault("wbytes", 0L),
                values.getOrDefault("rios", 0L),
                values.getOrDefault("wios", 0L)));
      }
    }
    return devices;
  }

  /** Lines {@code 8:0 Read 4096}, in one file the bytes, in the other the operations. */
  static List<DeviceIo> v1Devices(String bytes, String operations) {
    Map<String, long[]> figures = new TreeMap<>();
    collect(figures, bytes, 0);
    collect(figures, operations, 2);
    return figures.entrySet().stream()
        .map(e ->
            new DeviceIo(
                e.getKey(), e.getValue()[0], e.getValue()[1], e.getValue()[2], e.getValue()[3]))
        .toList();
  }

  private static void collect(Map<String, long[]> figures, String text, int at) {
    for (String line : text.split("\n", -1)) {
      String[] words = line.split(" ", -1);
      if (words.length == V1_IO_WORDS && (words[1].equals("Read") || words[1].equals("Write"))) {
        int index = words[1].equals("Read") ? at : at + 1;
        figures.computeIfAbsent(words[0], _ -> new long[4])[index] =
            Math.max(0, GroupFigures.number(words[2]));
      }
    }
  }
}
