package dev.hearth.runtime.network.cni;

import dev.hearth.runtime.network.IpPrefix;
import dev.hearth.runtime.network.NetworkException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.stream.Collectors;

/**
 * The node's part of the cluster's addresses, as the kubelet told last. It tells only once, so a
 * file remembers it: a prefix on each line.
 */
final class PodRanges {
  private final Path file;
  private volatile List<IpPrefix> ranges;

  private PodRanges(Path file, List<IpPrefix> ranges) {
    this.file = file;
    this.ranges = ranges;
  }

  /**
   * Reads what was told last. What cannot be read was not told.
   *
   * @param directory exists
   */
  static PodRanges open(Path directory) throws NetworkException {
    Path file = directory.resolve("pod-ranges");
    try {
      return new PodRanges(file, Files.readAllLines(file).stream().map(IpPrefix::parse).toList());
    } catch (NoSuchFileException | IllegalArgumentException _) {
      return new PodRanges(file, List.of());
    } catch (IOException e) {
      throw new NetworkException.Storage("cannot read " + file, e);
    }
  }

  List<IpPrefix> current() {
    return ranges;
  }

  synchronized void replace(List<IpPrefix> told) throws NetworkException {
    Path temporary = file.resolveSibling("pod-ranges.new");
    try {
      Files.writeString(
          temporary, told.stream().map(range -> range + "\n").collect(Collectors.joining()));
      Files.move(temporary, file, StandardCopyOption.ATOMIC_MOVE);
    } catch (IOException e) {
      throw new NetworkException.Storage("cannot write " + file, e);
    }
    ranges = List.copyOf(told);
  }
}
