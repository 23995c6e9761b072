package dev.hearth.runtime.cdi;

import dev.hearth.runtime.model.HearthException;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Collectors;

/**
 * The devices that files in some folders describe (Container Device Interface 1.1). Files are read
 * whenever devices are asked for, and nothing is kept of them: they come and go with the drivers
 * that write them. Thread-safe.
 */
public final class CdiDevices {
  private static final System.Logger LOG = System.getLogger("dev.hearth.cdi");

  /** Files of one folder that are read. */
  private static final int MAX_FILES = 1024;

  /** Broken files that one message names. */
  private static final int MAX_TOLD = 3;

  private final List<Path> folders;

  /** What the log has told already, so that it does not with every container. */
  private final AtomicReference<Set<String>> told = new AtomicReference<>(Set.of());

  /**
   * @param folders a later one's description of a device stands above an earlier one's
   */
  public CdiDevices(List<Path> folders) {
    this.folders = List.copyOf(folders);
  }

  public List<Path> folders() {
    return folders;
  }

  /**
   * What the folders hold.
   *
   * @param devices whole names, in order
   * @param problems files that cannot be read, and devices described twice
   */
  public record Overview(List<String> devices, List<String> problems) {}

  /** Reads all files. */
  public Overview overview() {
    Scan scan = scan();
    return new Overview(
        scan.devices.entrySet().stream()
            .filter(entry -> entry.getValue().size() == 1)
            .map(Map.Entry::getKey)
            .toList(),
        scan.problems());
  }

  /**
   * What a container that is to have these devices gets.
   *
   * @param names whole names
   * @throws HearthException.InvalidRequest if one of them is not described, or twice in one folder
   * @throws HearthException.Unsupported if one of them wants what Hearth does not do
   */
  public Edits edits(List<String> names) {
    List<DeviceName> wanted = names.stream().map(DeviceName::parse).distinct().toList();
    Scan scan = scan();
    Set<Path> seen = new HashSet<>();
    Edits all = Edits.NONE;
    for (DeviceName name : wanted) {
      SpecFile file = scan.require(name, folders);
      Edits edits = file.devices().getOrDefault(name.toString(), Edits.NONE);
      if (seen.add(file.path())) {
        edits = file.edits().and(edits);
      }
      if (!edits.impossible().isEmpty()) {
        throw new HearthException.Unsupported(
            "CDI device "
                + name
                + " of "
                + file.path()
                + " wants "
                + String.join(", and ", edits.impossible())
                + ": Hearth does not do that");
      }
      all = all.and(edits);
    }
    return all;
  }

  private Scan scan() {
    Scan scan = new Scan();
    folders.forEach(scan::read);
    Set<String> problems = Set.copyOf(scan.problems());
    Set<String> before = told.getAndSet(problems);
    problems.stream()
        .filter(problem -> !before.contains(problem))
        .sorted()
        .forEach(problem -> LOG.log(System.Logger.Level.WARNING, "CDI: {0}", problem));
    return scan;
  }

  /** One look at all folders. Confined to one thread. */
  private static final class Scan {
    /** By device, the files of the last folder that describe it. */
    private final SortedMap<String, List<SpecFile>> devices = new TreeMap<>();

    private final Map<Path, String> broken = new LinkedHashMap<>();

    void read(Path folder) {
      Map<String, List<SpecFile>> here = new HashMap<>();
      for (Path path : files(folder)) {
        try {
          SpecFile file = SpecFile.read(path);
          file.devices()
              .keySet()
              .forEach(name -> here.computeIfAbsent(name, _ -> new ArrayList<>()).add(file));
        } catch (NoSuchFileException e) {
          // Gone since the folder was listed.
        } catch (IOException | BrokenSpecException e) {
          broken.put(path, String.valueOf(e.getMessage()));
        }
      }
      devices.putAll(here);
    }

    private List<Path> files(Path folder) {
      List<Path> files = new ArrayList<>();
      try (DirectoryStream<Path> entries =
          Files.newDirectoryStream(
              folder, path -> SpecFile.isOne(path) && !Files.isDirectory(path))) {
        for (Path path : entries) {
          if (files.size() == MAX_FILES) {
            broken.put(folder, "has more than " + MAX_FILES + " files; the others are not read");
            break;
          }
          files.add(path);
        }
      } catch (NoSuchFileException e) {
        return List.of();
      } catch (NotDirectoryException e) {
        broken.put(folder, "is no folder");
      } catch (IOException e) {
        broken.put(folder, "cannot be listed: " + e.getMessage());
      }
      Collections.sort(files);
      return files;
    }

    List<String> problems() {
      List<String> all = new ArrayList<>();
      broken.forEach((path, why) -> all.add(path + ": " + why));
      devices.forEach((name, files) -> {
        if (files.size() > 1) {
          all.add(twice(name, files));
        }
      });
      return all;
    }

    private static String twice(String name, List<SpecFile> files) {
      return "device "
          + name
          + " is described by each of "
          + files.stream().map(file -> file.path().toString()).collect(Collectors.joining(", "));
    }

    /** A missing device may be in a file that says nothing any more. */
    private String unreadable() {
      return broken.isEmpty()
          ? ""
          : "; not readable there: "
              + broken.entrySet().stream()
                  .limit(MAX_TOLD)
                  .map(entry -> entry.getKey() + ": " + entry.getValue())
                  .collect(Collectors.joining("; "));
    }

    SpecFile require(DeviceName name, List<Path> folders) {
      List<SpecFile> files = devices.getOrDefault(name.toString(), List.of());
      return switch (files.size()) {
        case 1 -> files.getFirst();
        case 0 ->
            throw new HearthException.InvalidRequest(
                "no CDI device is called "
                    + name
                    + " in "
                    + folders.stream().map(Path::toString).collect(Collectors.joining(", "))
                    + unreadable());
        default -> throw new HearthException.InvalidRequest("CDI " + twice(name.toString(), files));
      };
    }
  }
}
