package dev.hearth.runtime.snapshot;

import dev.hearth.linux.FileSystemContext;
import dev.hearth.linux.LinuxException;
import dev.hearth.runtime.model.Sha256;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;

/** How a layer lies on disk. */
public enum LayerFormat {
  /** One EROFS image, mounted from its file; Linux 6.12 or later. */
  EROFS,
  /** A folder with the layer's files. */
  FOLDER;

  private static final System.Logger LOG = System.getLogger(LayerFormat.class.getName());

  /**
   * The format for layers in a directory: EROFS if this kernel mounts an image from a file on this
   * file system, which a trial tells. Where there is no room for the trial, the format of the
   * layers there are. Needs CAP_SYS_ADMIN.
   */
  public static LayerFormat forDirectory(Path directory) throws IOException {
    try {
      return tried(directory);
    } catch (IOException e) {
      LayerFormat present = ofLayersIn(directory);
      LOG.log(
          System.Logger.Level.WARNING,
          "no room to try out the format of layers; taking {0}, as the present ones have: {1}",
          present,
          e.getMessage());
      return present;
    }
  }

  /** That of any layer there is; folders, which need nothing of the kernel, if there is none. */
  private static LayerFormat ofLayersIn(Path directory) throws IOException {
    try (DirectoryStream<Path> layers = Files.newDirectoryStream(directory, "[0-9a-f]*")) {
      for (Path layer : layers) {
        if (Files.isRegularFile(layer)) {
          return EROFS;
        }
      }
    }
    return FOLDER;
  }

  private static LayerFormat tried(Path directory) throws IOException {
    Path trial = Files.createTempFile(directory, ".trial-", "");
    try {
      Files.delete(trial);
      writeEmptyImage(trial);
      try (FileSystemContext context = FileSystemContext.open("erofs")) {
        context.set("source", trial.toString());
        context.create();
        context.mount(Set.of()).close();
        return EROFS;
      } catch (LinuxException e) {
        // ENODEV: no such file system; ENOTBLK: not from a file, or not from one there.
        return FOLDER;
      }
    } finally {
      Files.deleteIfExists(trial);
    }
  }

  private static void writeEmptyImage(Path file) throws IOException {
    Path scratchFile = file.resolveSibling(file.getFileName() + "-scratch");
    try (var scratch = new Scratch(scratchFile);
        var target = new ErofsTarget(file, false)) {
      var tree = new LayerTree(scratch, 0);
      tree.seal();
      target.finish(tree, new LayerRecord(0, 0, 0, false, List.of()), Sha256.of(new byte[0]));
    } catch (LayerException e) {
      throw new IllegalStateException("an empty layer fits every bound", e);
    }
  }
}
