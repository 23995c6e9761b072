package dev.hearth.kubernetes;

import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * The programs of Kubernetes and etcd.
 *
 * @param folders where they are looked for, in this order
 */
public record Programs(List<Path> folders) {
  /** Names a folder that holds them; without it they are looked for on the PATH. */
  static final String VARIABLE = "HEARTH_KUBERNETES_BIN";

  private static final List<String> NEEDED =
      List.of(
          "etcd",
          "kube-apiserver",
          "kube-controller-manager",
          "kube-scheduler",
          "kubectl",
          "kubelet");

  public Programs {
    folders = List.copyOf(folders);
  }

  /** Those of this machine. */
  public static Programs here() {
    return new Programs(
        Stream.of(System.getenv(VARIABLE), System.getenv("PATH"))
            .filter(variable -> variable != null && !variable.isEmpty())
            .flatMap(variable -> Stream.of(variable.split(File.pathSeparator, -1)))
            .map(Path::of)
            .toList());
  }

  /** What is needed and not there. */
  public List<String> missing() {
    return NEEDED.stream().filter(name -> find(name).isEmpty()).toList();
  }

  /** The program of that name. */
  Path program(String name) {
    return find(name).orElseThrow(() -> new IllegalStateException(name + " is not installed"));
  }

  private Optional<Path> find(String name) {
    return folders.stream()
        .map(folder -> folder.resolve(name))
        .filter(Files::isExecutable)
        .findFirst();
  }
}
