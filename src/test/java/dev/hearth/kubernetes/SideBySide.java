package dev.hearth.kubernetes;

import dev.hearth.linux.testing.NeedsRoot;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.jupiter.api.parallel.ResourceAccessMode;
import org.junit.jupiter.api.parallel.ResourceLock;

/** Tests whose pods run beside those of others. */
@Target(ElementType.TYPE)
@Retention(RetentionPolicy.RUNTIME)
@NeedsRoot
@Tag("kubernetes")
@Execution(ExecutionMode.CONCURRENT)
@ResourceLock(value = "node", mode = ResourceAccessMode.READ)
@interface SideBySide {}
