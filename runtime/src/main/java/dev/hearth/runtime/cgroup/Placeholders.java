package dev.hearth.runtime.cgroup;

/** Processes that do nothing but keep a scope from being empty. */
interface Placeholders {
  Held start() throws CgroupException;

  /** One of them. It ends when it is let go of, or when this process ends. */
  interface Held {
    int pid();

    /** Lets it go, and waits for its end. Once more does nothing. */
    void release() throws InterruptedException;
  }
}
