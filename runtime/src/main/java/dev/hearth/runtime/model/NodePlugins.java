package dev.hearth.runtime.model;

/**
 * What programs of the node's operator have to say about pods and containers. A verb tells them
 * what it does and takes their changes; who they are and how they are reached is no affair of its.
 *
 * <p>A plugin that joins is told what there is already. So that nothing falls between that list and
 * the calls that follow it, a change that is not visible from its beginning is made within a {@link
 * Turn}.
 */
public interface NodePlugins {
  /** Nobody has anything to say. */
  NodePlugins NONE = new NoPlugins();

  /** Begins a change. A plugin that joins meanwhile is not shown anything until its end. */
  Turn begin();

  /** A pod's containers have ended and its network is about to go. */
  void podStopped(PodRecord pod);

  /** A pod is gone, or was given up before anybody could see it. */
  void podRemoved(PodRecord pod);

  /** A container has ended, or will never start. */
  void containerStopped(ContainerRecord container);

  /** A container is gone. */
  void containerRemoved(ContainerRecord container);

  /**
   * The part of a verb between asking plugins and the moment its outcome can be seen. Confined to
   * one thread.
   */
  interface Turn extends AutoCloseable {
    /**
     * A pod is about to become ready.
     *
     * @throws HearthException if a plugin will not have it
     */
    void admit(PodRecord pod);

    /**
     * A container is about to be created.
     *
     * @return it as the plugins want it
     * @throws HearthException if a plugin will not have it, or wants what cannot be done
     */
    ContainerRecord admit(PodRecord pod, ContainerRecord container);

    void created(ContainerRecord container);

    /**
     * A container is about to start.
     *
     * @throws HearthException if a plugin will not have it
     */
    void starting(ContainerRecord container);

    void started(ContainerRecord container);

    /**
     * A container's limits are about to change.
     *
     * @return the change that the plugins want
     * @throws HearthException if a plugin will not have it
     */
    Resources updating(ContainerRecord container, Resources change);

    void updated(ContainerRecord container);

    /**
     * A pod's limits are about to change.
     *
     * @throws HearthException if a plugin will not have it
     */
    void updating(PodRecord pod, Resources overhead, Resources resources);

    void updated(PodRecord pod);

    @Override
    void close();
  }
}
