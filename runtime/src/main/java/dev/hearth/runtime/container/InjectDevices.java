package dev.hearth.runtime.container;

import dev.hearth.linux.Entries;
import dev.hearth.linux.FileStatus;
import dev.hearth.linux.FileType;
import dev.hearth.runtime.cdi.CdiDevices;
import dev.hearth.runtime.cdi.Edits;
import dev.hearth.runtime.model.Adjustment;
import dev.hearth.runtime.model.ContainerRecord;
import dev.hearth.runtime.model.ContainerSpec;
import dev.hearth.runtime.model.EnvironmentVariable;
import dev.hearth.runtime.model.GivenDevice;
import dev.hearth.runtime.model.HearthException;
import dev.hearth.runtime.model.MountSpec;
import dev.hearth.runtime.model.PodRecord;
import dev.hearth.runtime.model.ProcessUser;
import dev.hearth.runtime.model.UserNamespace;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;

/**
 * Gives a container the CDI devices it is to have. What becomes of it is in its record, so that the
 * files that describe devices may change or go while it is there. Thread-safe.
 */
public final class InjectDevices {
  /** How long the file systems of devices and mounts may take to answer. */
  private static final Duration ANSWER = Duration.ofSeconds(20);

  /** 0666, as of a device that only its numbers describe. */
  private static final int DEFAULT_MODE = 0x1B6;

  private final HostPaths hostPaths = new HostPaths(ANSWER);
  private final CdiDevices devices;

  public InjectDevices(CdiDevices devices) {
    this.devices = devices;
  }

  /**
   * The container with its devices.
   *
   * @throws HearthException.InvalidRequest for a device that is not described, or not there
   * @throws HearthException.Unsupported for one that takes what Hearth does not do
   */
  ContainerRecord into(PodRecord pod, ContainerRecord container)
      throws IOException, InterruptedException {
    ContainerSpec spec = container.spec();
    if (spec.cdiDevices().isEmpty()) {
      return container;
    }
    Edits edits = devices.edits(spec.cdiDevices());
    Optional<UserNamespace> users = pod.spec().namespaces().user();
    Map<Path, FileStatus> found = look(edits);
    List<GivenDevice> given = new ArrayList<>();
    for (Edits.Node node : edits.nodes()) {
      given.add(device(node, found, container.user(), users.isPresent()));
    }
    ContainerSpec changed =
        spec.adjusted(
            spec.command(),
            spec.args(),
            environment(spec, edits),
            mounts(spec, edits, found, users),
            spec.devices(),
            spec.cdiDevices(),
            spec.resources());
    return container
        .with(user(container.user(), edits))
        .with(changed, container.adjustment().orElseGet(() -> Adjustment.of(spec)).and(given));
  }

  /** What is there of the node's files. */
  private Map<Path, FileStatus> look(Edits edits) throws IOException, InterruptedException {
    Map<Path, FileStatus> found = new ConcurrentHashMap<>();
    List<Path> paths =
        Stream.concat(
                edits.nodes().stream().map(Edits.Node::hostPath),
                edits.mounts().stream().map(MountSpec::hostPath))
            .map(Path::of)
            .distinct()
            .toList();
    hostPaths.visit(
        paths,
        path -> {
          try {
            found.put(path, Entries.status(path.toRealPath()));
          } catch (IOException e) {
            // Whether that matters is for each that names it to say.
          }
        });
    return found;
  }

  private static List<EnvironmentVariable> environment(ContainerSpec spec, Edits edits) {
    Map<String, EnvironmentVariable> all = new LinkedHashMap<>();
    Stream.concat(spec.environment().stream(), edits.environment().stream())
        .forEach(variable -> all.put(variable.key(), variable));
    return List.copyOf(all.values());
  }

  /** Unlike a request's, a device's mount whose source is missing is not to be made up. */
  private static List<MountSpec> mounts(
      ContainerSpec spec, Edits edits, Map<Path, FileStatus> found, Optional<UserNamespace> users) {
    Map<String, MountSpec> all = new LinkedHashMap<>();
    spec.mounts().forEach(mount -> all.put(mount.containerPath(), mount));
    for (MountSpec mount : edits.mounts()) {
      if (!found.containsKey(Path.of(mount.hostPath()))) {
        throw new HearthException.InvalidRequest(
            "a CDI device mounts " + mount.hostPath() + ", which is not there");
      }
      all.remove(mount.containerPath());
      all.put(mount.containerPath(), users.map(mount::with).orElse(mount));
    }
    return List.copyOf(all.values());
  }

  private static ProcessUser user(ProcessUser user, Edits edits) {
    Set<Long> groups = new LinkedHashSet<>(user.groups());
    // Root's is what an unset one looks like to those who write such files.
    edits.groups().stream().filter(group -> group != 0).forEach(groups::add);
    return new ProcessUser(user.uid(), user.gid(), List.copyOf(groups), user.home());
  }

  /**
   * @param bound whether the node's own file is shown instead of one that is made
   */
  private static GivenDevice device(
      Edits.Node node, Map<Path, FileStatus> found, ProcessUser user, boolean bound) {
    Optional<FileStatus> status = Optional.ofNullable(found.get(Path.of(node.hostPath())));
    if (bound || !node.complete()) {
      check(node, status);
    }
    boolean block =
        node.kind() == Edits.Kind.ANY
            ? status.map(FileStatus::type).equals(Optional.of(FileType.BLOCK_DEVICE))
            : node.kind() == Edits.Kind.BLOCK;
    boolean numbered = node.major() != 0;
    return new GivenDevice(
        node.path(),
        node.hostPath(),
        block,
        numbered ? node.major() : status.map(s -> s.special().major()).orElse(0),
        numbered ? node.minor() : status.map(s -> s.special().minor()).orElse(0),
        node.access(),
        node.permissions().orElseGet(() -> status.map(FileStatus::mode).orElse(DEFAULT_MODE)),
        node.uid().orElse(user.uid()),
        node.gid().orElse(user.gid()));
  }

  /** That the node has the device that is meant, and not another file of that name. */
  private static void check(Edits.Node node, Optional<FileStatus> status) {
    Optional<Edits.Kind> kind =
        status.flatMap(found ->
            switch (found.type()) {
              case BLOCK_DEVICE -> Optional.of(Edits.Kind.BLOCK);
              case CHARACTER_DEVICE -> Optional.of(Edits.Kind.CHARACTER);
              case PIPE, DIRECTORY, REGULAR, LINK, SOCKET -> Optional.empty();
            });
    if (kind.isEmpty()) {
      throw new HearthException.InvalidRequest(
          "a CDI device needs " + node.hostPath() + ", which is no device of the node");
    }
    boolean otherKind = node.kind() != Edits.Kind.ANY && !kind.get().equals(node.kind());
    boolean otherNumbers =
        node.major() != 0
            && status
                .filter(found ->
                    found.special().major() == node.major()
                        && found.special().minor() == node.minor())
                .isEmpty();
    if (otherKind || otherNumbers) {
      throw new HearthException.InvalidRequest(
          "a CDI device needs "
              + node.hostPath()
              + ", which is another device of the node than its file says");
    }
  }
}
