package dev.hearth.kubernetes;

import dev.hearth.linux.testing.NeedsRoot;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.parallel.ResourceLock;

/** Tests that would disturb others on the node, one after another. */
@Target(ElementType.TYPE)
@Retention(RetentionPolicy.RUNTIME)
@NeedsRoot
@Tag("kubernetes")
@ResourceLock("node")
@interface Alone {}
