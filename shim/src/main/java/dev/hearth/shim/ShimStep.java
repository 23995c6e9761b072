package dev.hearth.shim;

import dev.hearth.linux.Namespace;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Set;

/** Steps 0x01..: what the shim does itself, before there is a container. */
sealed interface ShimStep extends Step {
  /** Steps that are a path and nothing else. */
  enum PathKind {
    SHIM_CGROUP(0x0101, "join shim cgroup"),
    SHIM_CGROUP_DIR(0x0102, "join shim cgroup"),
    CONTROL(0x0104, "listen on"),
    EXIT_RECORD(0x0105, "record exits in"),
    CGROUP_DIR(0x010b, "join cgroup"),
    CGROUP_JOIN(0x010c, "join cgroup");

    private final int type;
    private final String purpose;

    PathKind(int type, String purpose) {
      this.type = type;
      this.purpose = purpose;
    }
  }

  record AtPath(PathKind kind, Path path) implements ShimStep {
    @Override
    public int type() {
      return kind.type;
    }

    @Override
    public void write(PlanWriter out) {
      out.text(path);
    }

    @Override
    public String purpose() {
      return kind.purpose + " " + path;
    }
  }

  record WriteHostFile(Path path, String content) implements ShimStep {
    @Override
    public int type() {
      return 0x0103;
    }

    @Override
    public void write(PlanWriter out) {
      out.text(path).bytes(content.getBytes(StandardCharsets.UTF_8));
    }

    @Override
    public String purpose() {
      return "write " + path;
    }
  }

  record Log(Path path, int mode, int lineLimit) implements ShimStep {
    @Override
    public int type() {
      return 0x0106;
    }

    @Override
    public void write(PlanWriter out) {
      out.text(path).u32(mode).u32(lineLimit);
    }

    @Override
    public String purpose() {
      return "log to " + path;
    }
  }

  record Streams(int kind, int input) implements ShimStep {
    @Override
    public int type() {
      return 0x0107;
    }

    @Override
    public void write(PlanWriter out) {
      out.u32(kind).u32(input);
    }

    @Override
    public String purpose() {
      return "set up stdio";
    }
  }

  record OomCounter(Path path, String key) implements ShimStep {
    @Override
    public int type() {
      return 0x0108;
    }

    @Override
    public void write(PlanWriter out) {
      out.text(path).text(key);
    }

    @Override
    public String purpose() {
      return "watch " + path;
    }
  }

  record WriteAtExit(Path path, String content) implements ShimStep {
    @Override
    public int type() {
      return 0x0109;
    }

    @Override
    public void write(PlanWriter out) {
      out.text(path).bytes(content.getBytes(StandardCharsets.UTF_8));
    }

    @Override
    public String purpose() {
      return "write at exit " + path;
    }
  }

  record Drain(Duration limit) implements ShimStep {
    @Override
    public int type() {
      return 0x010a;
    }

    @Override
    public void write(PlanWriter out) {
      out.u32((int) limit.toMillis());
    }

    @Override
    public String purpose() {
      return "drain output";
    }
  }

  record NewNamespaces(Set<Namespace> kinds) implements ShimStep {
    @Override
    public int type() {
      return 0x010d;
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

  record JoinNamespace(Namespace kind, Path path) implements ShimStep {
    @Override
    public int type() {
      return 0x010e;
    }

    @Override
    public void write(PlanWriter out) {
      out.u64(kind.bits()).text(path);
    }

    @Override
    public String purpose() {
      return "join " + kind.procName() + " namespace " + path;
    }
  }

  record MapIds(String users, String groups) implements ShimStep {
    @Override
    public int type() {
      return 0x010f;
    }

    @Override
    public void write(PlanWriter out) {
      out.text(users).text(groups);
    }

    @Override
    public String purpose() {
      return "map user and group ids";
    }
  }

  record StartFromMounts(int descriptor) implements ShimStep {
    @Override
    public int type() {
      return 0x0110;
    }

    @Override
    public void write(PlanWriter out) {
      out.u32(descriptor);
    }

    @Override
    public String purpose() {
      return "copy the small mount namespace";
    }
  }

  record OwnStreams(int uid, int gid) implements ShimStep {
    @Override
    public int type() {
      return 0x0112;
    }

    @Override
    public void write(PlanWriter out) {
      out.u32(uid).u32(gid);
    }

    @Override
    public String purpose() {
      return "change the owner of stdio";
    }
  }

  record Successor(Path pidFile, Set<Namespace> namespaces) implements ShimStep {
    @Override
    public int type() {
      return 0x0113;
    }

    @Override
    public void write(PlanWriter out) {
      out.text(pidFile).u64(namespaces.stream().mapToLong(Namespace::bits).sum());
    }

    @Override
    public String purpose() {
      return "restore processes";
    }
  }

  record Pin(Namespace kind, Path path) implements ShimStep {
    @Override
    public int type() {
      return 0x0111;
    }

    @Override
    public void write(PlanWriter out) {
      out.u64(kind.bits()).text(path);
    }

    @Override
    public String purpose() {
      return "pin " + kind.procName() + " namespace at " + path;
    }
  }
}
