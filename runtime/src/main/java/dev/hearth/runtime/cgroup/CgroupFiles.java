package dev.hearth.runtime.cgroup;

import java.nio.file.Path;
import java.util.List;

/**
 * What control groups are made of: folders that come with files. The seam at which tests put a tree
 * of their own or let an operation fail.
 *
 * <p>Every method throws {@link CgroupException} with reason ABSENT for what is not there, BUSY for
 * EBUSY, INVALID for EINVAL and ERANGE, UNSUPPORTED for EOPNOTSUPP, FAILED for the rest.
 */
interface CgroupFiles {
  /** The whole of a small file. */
  String read(Path file) throws CgroupException;

  /** Opens a small file to be read again and again. */
  OpenFile open(Path file) throws CgroupException;

  /** A file that stays open. */
  interface OpenFile extends AutoCloseable {
    /** The whole of it as it is now; ABSENT once its group is gone. */
    String read() throws CgroupException;

    @Override
    void close();
  }

  /** Writes in one write(2), as these files want it. */
  void write(Path file, String value) throws CgroupException;

  /** Makes a folder below an existing one. False if it was there. */
  boolean makeFolder(Path folder) throws CgroupException;

  /** Removes a folder that holds no folders. False if it was gone. */
  boolean removeFolder(Path folder) throws CgroupException;

  /** Names of the folders in a folder; none if it is gone. */
  List<String> folders(Path folder) throws CgroupException;

  boolean exists(Path file);
}
