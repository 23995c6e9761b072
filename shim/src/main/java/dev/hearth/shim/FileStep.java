package dev.hearth.shim;

import dev.hearth.linux.Namespace;
import dev.hearth.linux.Propagation;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;

/** Steps 0x02..: the new process' file systems and names. */
sealed interface FileStep extends Step {
  int RECURSIVE = 0x8000;

  /** MS_REC of mount(2). */
  int ALL_MOUNTS = 0x4000;

  private static void writeChanges(PlanWriter out, List<MountChange> changes) {
    out.u32(changes.size());
    for (MountChange change : changes) {
      out.u32(change.recursive() ? RECURSIVE : 0)
          .u64(change.setBits())
          .u64(change.clearBits())
          .u64(change.propagationBits());
    }
  }

  /** Source fields; the number of a detached mount is the one it has in the shim. */
  private static void writeSource(PlanWriter out, MountSource source, int number) {
    switch (source) {
      case MountSource.Detached _ -> out.u32(number);
      case MountSource.Bind bind -> out.text(bind.path()).u32(bind.recursive() ? RECURSIVE : 0);
      case MountSource.FileSystem fs -> {
        out.text(fs.type()).u32(fs.options().size());
        for (MountSource.Option option : fs.options()) {
          out.u32(option.value().isPresent() ? 1 : 0)
              .text(option.key())
              .text(option.value().orElse(""));
        }
        out.u32((int) MountChange.bits(fs.attributes()));
      }
    }
  }

  private static int sourceIndex(MountSource source) {
    return switch (source) {
      case MountSource.Detached _ -> 0;
      case MountSource.FileSystem _ -> 1;
      case MountSource.Bind _ -> 2;
    };
  }

  record SetPropagation(Propagation propagation) implements FileStep {
    @Override
    public int type() {
      return 0x0201;
    }

    @Override
    public void write(PlanWriter out) {
      out.u64(propagation.bits() | ALL_MOUNTS);
    }

    @Override
    public String purpose() {
      return "set the propagation of mounts";
    }
  }

  record AttachRoot(MountSource source, int number, Path at, List<MountChange> changes)
      implements FileStep {
    @Override
    public int type() {
      return 0x0202 + sourceIndex(source);
    }

    @Override
    public void write(PlanWriter out) {
      writeSource(out, source, number);
      out.text(at);
      writeChanges(out, changes);
    }

    @Override
    public String purpose() {
      return "attach the root file system";
    }
  }

  record AttachMount(ContainerMount mount, int number) implements FileStep {
    private static final int CREATE = 1;
    private static final int NO_LINKS = 2;

    @Override
    public int type() {
      return 0x0205 + sourceIndex(mount.source());
    }

    @Override
    public void write(PlanWriter out) {
      writeSource(out, mount.source(), number);
      out.text(mount.target()).u32(CREATE | (mount.followLinks() ? 0 : NO_LINKS));
      writeChanges(out, mount.changes());
    }

    @Override
    public String purpose() {
      return "mount " + mount.target();
    }
  }

  record Remount(String path, List<MountChange> changes) implements FileStep {
    @Override
    public int type() {
      return 0x0208;
    }

    @Override
    public void write(PlanWriter out) {
      out.text(path);
      writeChanges(out, changes);
    }

    @Override
    public String purpose() {
      return "remount " + path;
    }
  }

  /** Binds a path of the root to one of the host, so that the host's programs can name it. */
  record Expose(String path, Path at) implements FileStep {
    @Override
    public int type() {
      return 0x0215;
    }

    @Override
    public void write(PlanWriter out) {
      out.text(path).text(at);
    }

    @Override
    public String purpose() {
      return "show " + path;
    }
  }

  record Mask(String path) implements FileStep {
    @Override
    public int type() {
      return 0x0209;
    }

    @Override
    public void write(PlanWriter out) {
      out.text(path);
    }

    @Override
    public String purpose() {
      return "mask " + path;
    }
  }

  record MakeDevice(DeviceNode device) implements FileStep {
    @Override
    public int type() {
      return 0x020a;
    }

    @Override
    public void write(PlanWriter out) {
      out.text(device.path())
          .u32(device.mode())
          .u32(device.major())
          .u32(device.minor())
          .u32(device.uid())
          .u32(device.gid());
    }

    @Override
    public String purpose() {
      return "make device " + device.path();
    }
  }

  record MakeLink(String path, String target) implements FileStep {
    @Override
    public int type() {
      return 0x020b;
    }

    @Override
    public void write(PlanWriter out) {
      out.text(path).text(target);
    }

    @Override
    public String purpose() {
      return "make link " + path;
    }
  }

  record MakeFolder(String path, int mode, int uid, int gid) implements FileStep {
    @Override
    public int type() {
      return 0x020c;
    }

    @Override
    public void write(PlanWriter out) {
      out.text(path).u32(mode).u32(uid).u32(gid);
    }

    @Override
    public String purpose() {
      return "make folder " + path;
    }
  }

  record OpenTerminal(WindowSize size, int owner, String bindOn) implements FileStep {
    @Override
    public int type() {
      return 0x020d;
    }

    @Override
    public void write(PlanWriter out) {
      out.u32(size.rows()).u32(size.columns()).u32(owner).text(bindOn);
    }

    @Override
    public String purpose() {
      return "open a terminal";
    }
  }

  record Pivot() implements FileStep {
    @Override
    public int type() {
      return 0x020e;
    }

    @Override
    public void write(PlanWriter out) {}

    @Override
    public String purpose() {
      return "change to the root file system";
    }
  }

  record ChangeMount(String path, List<MountChange> changes) implements FileStep {
    @Override
    public int type() {
      return 0x020f;
    }

    @Override
    public void write(PlanWriter out) {
      out.text(path);
      writeChanges(out, changes);
    }

    @Override
    public String purpose() {
      return "change mount " + path;
    }
  }

  record WriteFile(String path, String content) implements FileStep {
    @Override
    public int type() {
      return 0x0210;
    }

    @Override
    public void write(PlanWriter out) {
      out.text(path).bytes(content.getBytes(StandardCharsets.UTF_8));
    }

    @Override
    public String purpose() {
      return "set " + path + " to '" + content + "'";
    }
  }

  record SetHostName(String name) implements FileStep {
    @Override
    public int type() {
      return 0x0211;
    }

    @Override
    public void write(PlanWriter out) {
      out.text(name);
    }

    @Override
    public String purpose() {
      return "set the host name";
    }
  }

  record Unshare(Set<Namespace> kinds) implements FileStep {
    @Override
    public int type() {
      return 0x0213;
    }

    @Override
    public void write(PlanWriter out) {
      out.u64(kinds.stream().mapToLong(Namespace::bits).sum());
    }

    @Override
    public String purpose() {
      return "make namespaces " + kinds;
    }
  }

  record Enter(Set<Namespace> kinds) implements FileStep {
    @Override
    public int type() {
      return 0x0214;
    }

    @Override
    public void write(PlanWriter out) {
      out.u64(kinds.stream().mapToLong(Namespace::bits).sum());
    }

    @Override
    public String purpose() {
      return "enter the container";
    }
  }
}
