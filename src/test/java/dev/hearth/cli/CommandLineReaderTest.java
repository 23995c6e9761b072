package dev.hearth.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CommandLineReaderTest {
  private static final Option<Boolean> ALL = Option.flag("", "-a", "--all");
  private static final Option<Boolean> QUIET = Option.flag("", "-q");
  private static final Option<Long> NUMBER =
      Option.valued(Option::readNumber, "N", "", "-n", "--number");
  private static final Option<Map.Entry<String, String>> LABELS = Option.labels();
  private static final Usage FREE =
      Usage.of("do").taking("WHAT", "").with(ALL, QUIET, NUMBER, LABELS);
  private static final Usage MANY =
      Usage.of("do").taking("WHERE", "").takingMany("WHAT", "").with(ALL).verbatimBehindParameter();

  private static Given read(Usage usage, String... words) {
    var given = new Given();
    CommandLineReader.read(usage, given, List.of(words));
    CommandLineReader.checkParameters(usage, given);
    return given;
  }

  @Test
  void optionsStandBeforeAndBehindParameters() {
    Given given = read(FREE, "--all", "x", "-n", "7");
    assertThat(given.has(ALL)).isTrue();
    assertThat(given.has(QUIET)).isFalse();
    assertThat(given.value(NUMBER)).contains(7L);
    assertThat(given.parameters()).containsExactly("x");
  }

  @ParameterizedTest
  @CsvSource({"-n 7", "-n7", "--number 7", "--number=7", "-aqn7", "-aqn 7"})
  void valuesAreWrittenInAnyOfTheUsualWays(String line) {
    Given given = read(FREE, ("x " + line).split(" ", -1));
    assertThat(given.value(NUMBER)).contains(7L);
    assertThat(given.has(ALL)).isEqualTo(line.startsWith("-a"));
  }

  @Test
  void lastValueCountsUnlessAllDo() {
    Given given = read(FREE, "x", "-n1", "-n2", "-l", "a=1", "--label=b=2=3", "-la=4");
    assertThat(given.value(NUMBER)).contains(2L);
    assertThat(given.labels(LABELS)).containsOnly(Map.entry("a", "4"), Map.entry("b", "2=3"));
  }

  @Test
  void valueMayBeginWithADash() {
    assertThat(read(FREE, "x", "-n", "-5").value(NUMBER)).contains(-5L);
  }

  @Test
  void behindTwoDashesAllAreParameters() {
    assertThat(read(FREE, "-a", "--", "--all").parameters()).containsExactly("--all");
    assertThat(read(FREE, "-").parameters()).containsExactly("-");
  }

  @Test
  void verbatimUsageLeavesEverythingBehindItsFirstParameter() {
    Given given = read(MANY, "--all", "here", "ls", "-l", "--", "--all=x");
    assertThat(given.parameters()).containsExactly("here", "ls", "-l", "--", "--all=x");
  }

  @ParameterizedTest
  @CsvSource({
    "x --nope, unknown option --nope",
    "x -an5z, not a whole number: 5z",
    "x -z, unknown option -z",
    "x --all=1, --all takes no value",
    "x --number, '--number needs a value, N'",
    "x -n, '-n needs a value, N'",
    "x --number seven, --number: not a whole number: seven",
    "x --label nonsense, --label: not KEY=VALUE: nonsense",
    "-a, WHAT is missing",
    "x y, nothing known to do with y",
  })
  void misuseIsToldWithTheWayToTheHelp(String line, String expected) {
    assertThatThrownBy(() -> read(FREE, line.split(" ", -1)))
        .isInstanceOf(CommandFailure.class)
        .hasMessageContaining(expected)
        .hasMessageEndingWith("; see do --help");
  }

  @Test
  void everyParameterMustBeThere() {
    assertThatThrownBy(() -> read(MANY, "here")).hasMessageStartingWith("WHAT is missing");
    assertThat(read(MANY, "here", "a", "b").parameters()).hasSize(3);
  }

  @Test
  void helpIsWrappedAndAligned() {
    Usage usage =
        Usage.of(
                "hearth do",
                "Does it.",
                "A sentence that is so long that it has to be continued in a second line, here.")
            .taking("WHERE", "A place.")
            .takingMany("WHAT", "Things.")
            .with(
                Option.flag("All of them.", "-a", "--all"),
                Option.valued(
                    text -> text,
                    "SOMETHING-LONG",
                    "A description so long that it does not fit beside the name of its option.",
                    "--with"));
    assertThat(HelpText.of(usage))
        .isEqualTo(
            """
            Usage: hearth do [OPTION...] WHERE WHAT...
            Does it.
            A sentence that is so long that it has to be continued in a second line, here.

            Parameters:
              WHERE                    A place.
              WHAT...                  Things.

            Options:
              -a, --all                All of them.
                  --with SOMETHING-LONG
                                       A description so long that it does not fit beside the
                                       name of its option.

            Exit codes:
              0                        done
              1                        failed; the message says why
              2                        the command line makes no sense
              3                        no daemon answers on the socket
              4                        what was named is not there
              other                    exec only: the command's own code
            """);
  }
}
