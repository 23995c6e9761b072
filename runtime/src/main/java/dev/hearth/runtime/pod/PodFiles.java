package dev.hearth.runtime.pod;

import dev.hearth.runtime.model.DnsConfig;
import dev.hearth.runtime.model.Layout;
import dev.hearth.runtime.model.PodId;
import dev.hearth.runtime.model.PodSpec;
import java.io.IOException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The small files that every container of a pod sees in its /etc, in the pod's state directory. */
public final class PodFiles {
  /** How often a deletion is begun anew before it is given up. */
  private static final int DELETIONS = 5;

  private final Layout layout;
  private final Path hostEtc;

  /**
   * @param hostEtc the node's /etc
   */
  public PodFiles(Layout layout, Path hostEtc) {
    this.layout = layout;
    this.hostEtc = hostEtc;
  }

  public static Path resolvConf(Path pod) {
    return etc(pod).resolve("resolv.conf");
  }

  public static Path hostname(Path pod) {
    return etc(pod).resolve("hostname");
  }

  public static Path hosts(Path pod) {
    return etc(pod).resolve("hosts");
  }

  /**
   * Where the files lie. Containers may write to them, so this is a small file system of its own:
   * what they fill is not the node's.
   */
  static Path etc(Path pod) {
    return pod.resolve("etc");
  }

  /** Where the pod's /dev/shm is mounted. */
  public static Path shm(Path pod) {
    return pod.resolve("shm");
  }

  /** Writes all but what depends on the pod's addresses; {@link #etc} is there. */
  void write(PodId id, PodSpec spec) throws IOException {
    Path pod = layout.pod(id);
    Files.writeString(resolvConf(pod), resolvConf(spec.dns()));
    Files.writeString(hostname(pod), name(spec) + "\n");
    giveAway(resolvConf(pod), spec);
    giveAway(hostname(pod), spec);
  }

  /** Who the root of a pod with a user namespace is on the node; ids use all 32 bits. */
  record Owner(long uid, long gid) {}

  static Optional<Owner> owner(PodSpec spec) {
    return spec.namespaces()
        .user()
        .map(users -> new Owner(users.hostUid(0).orElseThrow(), users.hostGid(0).orElseThrow()));
  }

  /** What the containers' root sees as its own and may change, as without a user namespace. */
  private static void giveAway(Path file, PodSpec spec) throws IOException {
    Optional<Owner> owner = owner(spec);
    if (owner.isPresent()) {
      Files.setAttribute(file, "unix:uid", (int) owner.get().uid());
      Files.setAttribute(file, "unix:gid", (int) owner.get().gid());
    }
  }

  /** Writes /etc/hosts; the kubelet mounts its own over it. */
  void writeHosts(PodId id, PodSpec spec, List<String> addresses) throws IOException {
    StringBuilder text =
        new StringBuilder(
            """
            127.0.0.1\tlocalhost
            ::1\tlocalhost ip6-localhost ip6-loopback
            fe00::\tip6-localnet
            ff02::1\tip6-allnodes
            ff02::2\tip6-allrouters
            """);
    for (String address : addresses) {
      text.append(address).append('\t').append(name(spec)).append('\n');
    }
    Files.writeString(
        hosts(layout.pod(id)),
        spec.hostNetwork() ? read(hostEtc.resolve("hosts"), text.toString()) : text);
    giveAway(hosts(layout.pod(id)), spec);
  }

  /** Deletes the pod's state directory. Mounts in it must be gone. */
  void delete(PodId id) throws IOException {
    deleteTree(layout.pod(id));
  }

  /**
   * Deletes a directory of ours with all in it; links are deleted, not followed. A shim about to
   * end may add or remove a file meanwhile.
   */
  public static void deleteTree(Path directory) throws IOException {
    for (int left = DELETIONS; Files.exists(directory, LinkOption.NOFOLLOW_LINKS); left--) {
      try {
        deleteOnce(directory);
      } catch (DirectoryNotEmptyException e) {
        if (left == 0) {
          throw e;
        }
      }
    }
  }

  private static void deleteOnce(Path directory) throws IOException {
    Files.walkFileTree(
        directory,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes attributes)
              throws IOException {
            Files.deleteIfExists(file);
            return FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult visitFileFailed(Path file, IOException e) throws IOException {
            if (e instanceof NoSuchFileException) {
              return FileVisitResult.CONTINUE;
            }
            throw e;
          }

          @Override
          public FileVisitResult postVisitDirectory(Path directory, @Nullable IOException e)
              throws IOException {
            if (e != null) {
              throw e;
            }
            Files.deleteIfExists(directory);
            return FileVisitResult.CONTINUE;
          }
        });
  }

  private String resolvConf(DnsConfig dns) throws IOException {
    if (dns.servers().isEmpty() && dns.searches().isEmpty() && dns.options().isEmpty()) {
      return read(hostEtc.resolve("resolv.conf"), "");
    }
    StringBuilder text = new StringBuilder();
    if (!dns.searches().isEmpty()) {
      text.append("search ").append(String.join(" ", dns.searches())).append('\n');
    }
    dns.servers().forEach(server -> text.append("nameserver ").append(server).append('\n'));
    if (!dns.options().isEmpty()) {
      text.append("options ").append(String.join(" ", dns.options())).append('\n');
    }
    return text.toString();
  }

  private String name(PodSpec spec) throws IOException {
    return spec.hostname().isEmpty()
        ? read(Path.of("/proc/sys/kernel/hostname"), "localhost").strip()
        : spec.hostname();
  }

  private static String read(Path file, String absent) throws IOException {
    try {
      return Files.readString(file);
    } catch (NoSuchFileException e) {
      return absent;
    }
  }
}
