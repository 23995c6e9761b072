/** What tests of every module share about the machine they run on. */
@NullMarked
package dev.hearth.linux.testing;

import org.jspecify.annotations.NullMarked;
