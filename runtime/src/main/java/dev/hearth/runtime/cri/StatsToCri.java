package dev.hearth.runtime.cri;

import dev.hearth.proto.cri.v1.CpuUsage;
import dev.hearth.proto.cri.v1.IoUsage;
import dev.hearth.proto.cri.v1.MemoryUsage;
import dev.hearth.proto.cri.v1.NetworkInterfaceUsage;
import dev.hearth.proto.cri.v1.NetworkUsage;
import dev.hearth.proto.cri.v1.ProcessUsage;
import dev.hearth.proto.cri.v1.PsiData;
import dev.hearth.proto.cri.v1.PsiStats;
import dev.hearth.proto.cri.v1.SwapUsage;
import dev.hearth.proto.cri.v1.UInt64Value;
import dev.hearth.runtime.cgroup.Pressure;
import dev.hearth.runtime.cgroup.Statistics;
import dev.hearth.runtime.network.InterfaceStatistics;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/** Statistics into CRI answers. What this host does not count is left out. */
final class StatsToCri {
  private StatsToCri() {}

  /**
   * @param nanoCores the rate since the sample before; absent for the first
   */
  static CpuUsage cpu(Statistics statistics, OptionalLong nanoCores) {
    CpuUsage.Builder cpu = CpuUsage.newBuilder().setTimestamp(ToCri.nanos(statistics.at()));
    known(statistics.cpu().usageNanos()).ifPresent(cpu::setUsageCoreNanoSeconds);
    nanoCores.ifPresent(rate -> cpu.setUsageNanoCores(value(rate)));
    statistics.cpu().pressure().ifPresent(pressure -> cpu.setPsi(psi(pressure)));
    return cpu.build();
  }

  static MemoryUsage memory(Statistics statistics) {
    Statistics.Memory m = statistics.memory();
    MemoryUsage.Builder memory =
        MemoryUsage.newBuilder().setTimestamp(ToCri.nanos(statistics.at()));
    known(m.workingSet()).ifPresent(memory::setWorkingSetBytes);
    known(m.available()).ifPresent(memory::setAvailableBytes);
    known(m.usage()).ifPresent(memory::setUsageBytes);
    known(m.rss()).ifPresent(memory::setRssBytes);
    known(m.pageFaults()).ifPresent(memory::setPageFaults);
    known(m.majorPageFaults()).ifPresent(memory::setMajorPageFaults);
    m.pressure().ifPresent(pressure -> memory.setPsi(psi(pressure)));
    return memory.build();
  }

  static SwapUsage swap(Statistics statistics) {
    SwapUsage.Builder swap = SwapUsage.newBuilder().setTimestamp(ToCri.nanos(statistics.at()));
    known(statistics.memory().swapAvailable()).ifPresent(swap::setSwapAvailableBytes);
    known(statistics.memory().swap()).ifPresent(swap::setSwapUsageBytes);
    return swap.build();
  }

  static IoUsage io(Statistics statistics) {
    IoUsage.Builder io = IoUsage.newBuilder().setTimestamp(ToCri.nanos(statistics.at()));
    statistics.io().pressure().ifPresent(pressure -> io.setPsi(psi(pressure)));
    return io.build();
  }

  static ProcessUsage processes(Statistics statistics) {
    ProcessUsage.Builder processes =
        ProcessUsage.newBuilder().setTimestamp(ToCri.nanos(statistics.at()));
    known(statistics.tasks()).ifPresent(processes::setProcessCount);
    return processes.build();
  }

  /** The interface named eth0 is the default one, or else the first. */
  static NetworkUsage network(Instant at, List<InterfaceStatistics> interfaces) {
    NetworkUsage.Builder network = NetworkUsage.newBuilder().setTimestamp(ToCri.nanos(at));
    interfaces.stream()
        .filter(i -> i.interfaceName().equals("eth0"))
        .findFirst()
        .or(() -> interfaces.stream().findFirst())
        .ifPresent(i -> network.setDefaultInterface(network(i)));
    interfaces.forEach(i -> network.addInterfaces(network(i)));
    return network.build();
  }

  private static NetworkInterfaceUsage network(InterfaceStatistics statistics) {
    return NetworkInterfaceUsage.newBuilder()
        .setName(statistics.interfaceName())
        .setRxBytes(value(statistics.rxBytes()))
        .setRxErrors(value(statistics.rxErrors()))
        .setTxBytes(value(statistics.txBytes()))
        .setTxErrors(value(statistics.txErrors()))
        .build();
  }

  private static PsiStats psi(Pressure pressure) {
    return PsiStats.newBuilder()
        .setFull(psi(pressure.full()))
        .setSome(psi(pressure.some()))
        .build();
  }

  private static PsiData psi(Pressure.Line line) {
    return PsiData.newBuilder()
        .setTotal(line.totalMicros() * 1000)
        .setAvg10(line.avg10())
        .setAvg60(line.avg60())
        .setAvg300(line.avg300())
        .build();
  }

  private static Optional<UInt64Value> known(long value) {
    return value == Statistics.UNKNOWN ? Optional.empty() : Optional.of(value(value));
  }

  static UInt64Value value(long value) {
    return UInt64Value.newBuilder().setValue(value).build();
  }
}
