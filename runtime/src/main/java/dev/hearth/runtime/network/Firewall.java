package dev.hearth.runtime.network;

import dev.hearth.linux.Errno;
import dev.hearth.linux.LinuxException;
import dev.hearth.runtime.network.netlink.NetlinkConnection;
import dev.hearth.runtime.network.netlink.NetlinkMessage;
import dev.hearth.runtime.network.netlink.NfTables;
import java.util.List;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;

/**
 * The daemon's table in the kernel. Whenever a change does not fit what is there, because somebody
 * flushed or altered it, the whole table is put in place anew.
 *
 * <p>Thread-safe: the lock orders changes, so that putting the table in place anew, from what the
 * leases say by then, never loses one.
 */
final class Firewall {
  private final NetworkConfiguration configuration;
  private final NatRules rules;
  private final NetworkNamespace host;
  private final Supplier<List<Lease>> leases;
  private final ReentrantLock lock = new ReentrantLock();

  /** Whether a change failed, so that the table may not be what the leases say. */
  private boolean stale;

  /**
   * @param leases all there are when asked
   */
  Firewall(
      NetworkConfiguration configuration, NetworkNamespace host, Supplier<List<Lease>> leases) {
    this.configuration = configuration;
    this.rules = new NatRules(configuration);
    this.host = host;
    this.leases = leases;
  }

  /** Puts the table in place, whatever is there under its name. */
  void install() throws NetworkException {
    lock.lock();
    try {
      stale = true;
      commit(rules.install(leases.get()));
      stale = false;
    } catch (LinuxException e) {
      throw failure("install", e);
    } finally {
      lock.unlock();
    }
  }

  /** Opens the host ports of a lease that is among the leases. */
  void open(Lease lease) throws NetworkException {
    change("open host ports of pod " + lease.pod() + " in", rules.open(lease));
  }

  /** Closes the host ports of a lease that is no longer among the leases. */
  void close(Lease lease) throws NetworkException {
    change("close host ports of pod " + lease.pod() + " in", rules.close(lease));
  }

  /** Makes up for a change that failed. */
  void mend() throws NetworkException {
    lock.lock();
    try {
      if (stale) {
        install();
      }
    } finally {
      lock.unlock();
    }
  }

  private void change(String intent, List<NetlinkMessage> transaction) throws NetworkException {
    if (transaction.isEmpty()) {
      return;
    }
    lock.lock();
    try {
      mend();
      stale = true;
      commit(transaction);
      stale = false;
    } catch (LinuxException e) {
      if (!e.isAnyOf(Errno.ENOENT, Errno.EEXIST, Errno.EBUSY)) {
        throw failure(intent, e);
      }
      install();
    } finally {
      lock.unlock();
    }
  }

  /** Deletes the table; nothing happens if there is none. */
  void remove() throws NetworkException {
    lock.lock();
    try {
      commit(rules.remove());
    } catch (LinuxException e) {
      if (!e.is(Errno.ENOENT)) {
        throw failure("remove", e);
      }
    } finally {
      lock.unlock();
    }
  }

  /** Puts the table in place if it is not there. */
  void ensure() throws NetworkException {
    mend();
    try (NetlinkConnection filters = host.filters()) {
      filters.request(NfTables.getTable(configuration.table()));
    } catch (LinuxException e) {
      if (!e.is(Errno.ENOENT)) {
        throw failure("find", e);
      }
      install();
    }
  }

  /** What others' rules do that keeps packets of pods from passing, a line each. */
  List<String> warnings() throws NetworkException {
    try (NetlinkConnection filters = host.filters()) {
      return filters.dump(NfTables.listChains()).stream()
          .map(NfTables.Chain::parse)
          .filter(chain -> chain.forwards() && chain.drops())
          .map(this::describe)
          .toList();
    } catch (LinuxException e) {
      throw failure("examine others' tables beside", e);
    }
  }

  private String describe(NfTables.Chain chain) {
    return "chain "
        + chain.name()
        + " of table "
        + chain.table()
        + " drops forwarded packets that it does not accept, also those of pods: accept what comes"
        + " in by, or leaves by, link "
        + configuration.bridge()
        + " there";
  }

  private void commit(List<NetlinkMessage> transaction) throws LinuxException {
    try (NetlinkConnection filters = host.filters()) {
      filters.all(transaction);
    }
  }

  private NetworkException failure(String intent, LinuxException e) {
    if (e.isAnyOf(Errno.EOPNOTSUPP, Errno.EPROTONOSUPPORT, Errno.EAFNOSUPPORT)
        || (intent.equals("install") && e.is(Errno.ENOENT))) {
      return new NetworkException.Unsupported(
          "this kernel cannot translate addresses by nf_tables: it needs nf_tables for the family"
              + " inet with nft_nat, nft_masq, nft_ct and nft_fib_inet ("
              + e.getMessage()
              + ")",
          e);
    }
    return new NetworkException.Refused(intent + " table inet " + configuration.table(), e);
  }
}
