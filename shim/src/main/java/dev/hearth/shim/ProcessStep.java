package dev.hearth.shim;

import java.util.List;

/** Steps 0x03..: what a process does to itself. */
sealed interface ProcessStep extends Step {
  /** Steps that are numbers of 32 bits, or nothing. */
  enum Kind {
    UMASK(0x0302, "set the umask"),
    KEEP_CAPS(0x0304, "keep capabilities"),
    NO_NEW_PRIVS(0x0308, "set no_new_privs"),
    STDIO_ASIDE(0x030b, "move stdio"),
    CLOSE_FDS(0x030c, "close descriptors"),
    PAUSE(0x030e, "pause");

    private final int type;
    private final String purpose;

    Kind(int type, String purpose) {
      this.type = type;
      this.purpose = purpose;
    }
  }

  record Plain(Kind kind, List<Integer> numbers) implements ProcessStep {
    static Plain of(Kind kind, Integer... numbers) {
      return new Plain(kind, List.of(numbers));
    }

    @Override
    public int type() {
      return kind.type;
    }

    @Override
    public void write(PlanWriter out) {
      numbers.forEach(out::u32);
    }

    @Override
    public String purpose() {
      return kind.purpose;
    }
  }

  /** Steps that are capability sets. */
  enum CapabilityKind {
    BOUNDING(0x0305, "limit capabilities"),
    CAPABILITIES(0x0306, "set capabilities"),
    AMBIENT(0x0307, "set ambient capabilities");

    private final int type;
    private final String purpose;

    CapabilityKind(int type, String purpose) {
      this.type = type;
      this.purpose = purpose;
    }
  }

  record Capability(CapabilityKind kind, List<Long> sets) implements ProcessStep {
    static Capability of(CapabilityKind kind, Long... sets) {
      return new Capability(kind, List.of(sets));
    }

    @Override
    public int type() {
      return kind.type;
    }

    @Override
    public void write(PlanWriter out) {
      sets.forEach(out::u64);
    }

    @Override
    public String purpose() {
      return kind.purpose;
    }
  }

  record Limit(ResourceLimit limit) implements ProcessStep {
    @Override
    public int type() {
      return 0x0301;
    }

    @Override
    public void write(PlanWriter out) {
      out.u32(limit.resource().number()).u64(limit.soft()).u64(limit.hard());
    }

    @Override
    public String purpose() {
      return "set limit " + limit.resource();
    }
  }

  record BecomeUser(int uid, int gid, List<Integer> groups) implements ProcessStep {
    @Override
    public int type() {
      return 0x0303;
    }

    @Override
    public void write(PlanWriter out) {
      out.u32(uid).u32(gid).u32(groups.size());
      groups.forEach(out::u32);
    }

    @Override
    public String purpose() {
      return "become user " + Integer.toUnsignedString(uid);
    }
  }

  record Seccomp(SeccompFilter filter) implements ProcessStep {
    @Override
    public int type() {
      return 0x0309;
    }

    @Override
    public void write(PlanWriter out) {
      out.u32(filter.flags()).u32(filter.instructions().size() * Long.BYTES);
      filter.instructions().forEach(out::u64);
    }

    @Override
    public String purpose() {
      return "filter system calls";
    }
  }

  record ChangeFolder(String path) implements ProcessStep {
    @Override
    public int type() {
      return 0x030a;
    }

    @Override
    public void write(PlanWriter out) {
      out.text(path);
    }

    @Override
    public String purpose() {
      return "change to working directory " + path;
    }
  }

  record Exec(Body.Program program) implements ProcessStep {
    @Override
    public int type() {
      return 0x030d;
    }

    @Override
    public void write(PlanWriter out) {
      out.texts(program.arguments()).texts(program.environment()).text(program.searchPath());
    }

    @Override
    public String purpose() {
      return "exec";
    }
  }
}
