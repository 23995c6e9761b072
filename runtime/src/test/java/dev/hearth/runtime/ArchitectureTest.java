package dev.hearth.runtime;

import static com.tngtech.archunit.base.DescribedPredicate.not;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.fields;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.GeneralCodingRules.NO_CLASSES_SHOULD_ACCESS_STANDARD_STREAMS;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaField;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.ArchRule;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Holds the code to the tables of ARCHITECTURE.md. */
class ArchitectureTest {
  private static final String NATIVE = "dev.hearth.linux";
  private static final String SHIM = "dev.hearth.shim";

  /** What each package of the runtime may use beside itself and {@code model}. */
  private static final Map<String, List<String>> USES =
      new TreeMap<>(
          Map.ofEntries(
              Map.entry("model", List.of()),
              Map.entry("store", List.of()),
              Map.entry("event", List.of()),
              Map.entry("cdi", List.of()),
              Map.entry("spec", List.of(SHIM, NATIVE)),
              Map.entry("content", List.of(NATIVE)),
              Map.entry("registry", List.of()),
              Map.entry("snapshot", List.of("content", NATIVE)),
              Map.entry("image", List.of("store", "registry", "content", "snapshot")),
              Map.entry("checkpoint", List.of(SHIM, NATIVE)),
              Map.entry("network", List.of("store", NATIVE)),
              Map.entry("cgroup", List.of(NATIVE)),
              Map.entry(
                  "pod", List.of("store", "event", "spec", "network", "cgroup", SHIM, NATIVE)),
              Map.entry(
                  "container",
                  List.of(
                      "pod",
                      "image",
                      "cdi",
                      "checkpoint",
                      "snapshot",
                      "spec",
                      "cgroup",
                      "store",
                      "event",
                      SHIM,
                      NATIVE)),
              Map.entry(
                  "nri",
                  List.of(
                      "container",
                      "pod",
                      "spec",
                      "cgroup",
                      "dev.hearth.proto.nri",
                      "dev.hearth.proto.ttrpc",
                      NATIVE)),
              Map.entry("stream", List.of("container", "pod", SHIM, NATIVE))));

  private static final JavaClasses CODE =
      new ClassFileImporter()
          .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
          // The bindings' test support, when it comes as a jar.
          .withImportOption(location -> !location.contains("-tests.jar"))
          .importPackages("dev.hearth");

  static Stream<String> packages() {
    return USES.keySet().stream();
  }

  @ParameterizedTest
  @MethodSource("packages")
  void aPackageUsesOnlyThoseNamed(String name) {
    String[] allowed =
        Stream.concat(Stream.of(name, "model"), USES.getOrDefault(name, List.of()).stream())
            .map(ArchitectureTest::qualified)
            .toArray(String[]::new);

    check(
        noClasses()
            .that()
            .resideInAPackage(qualified(name))
            .should()
            .dependOnClassesThat(ours().and(not(resideInAnyPackage(allowed))))
            .as(name + " uses only what the table of ARCHITECTURE.md names"));
  }

  @Test
  void everyPackageIsInTheTable() {
    String[] known =
        Stream.concat(USES.keySet().stream(), Stream.of("recovery", "cri"))
            .map(ArchitectureTest::qualified)
            .toArray(String[]::new);

    check(
        classes()
            .that()
            .resideInAPackage("dev.hearth.runtime..")
            .should()
            .resideInAnyPackage(known));
  }

  @Test
  void packagesHaveNoCycles() {
    check(slices().matching("dev.hearth.runtime.(*)..").should().beFreeOfCycles());
  }

  @Test
  void nothingButCriKnowsItsMessages() {
    check(
        noClasses()
            .that()
            .resideOutsideOfPackages("dev.hearth.proto..", "dev.hearth.runtime.cri..")
            .should()
            .dependOnClassesThat()
            .resideInAPackage("dev.hearth.proto.cri.."));
  }

  @Test
  void nothingButCriKnowsGrpc() {
    check(
        noClasses()
            .that()
            .resideInAPackage("dev.hearth.runtime..")
            .and()
            .resideOutsideOfPackage("dev.hearth.runtime.cri..")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage("io.grpc.."));
  }

  @Test
  void messagesStayAtTheEdges() {
    check(
        noClasses()
            .that()
            .resideInAPackage("dev.hearth.runtime..")
            .and()
            .resideOutsideOfPackages("dev.hearth.runtime.cri..", "dev.hearth.runtime.nri..")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage("com.google.protobuf.."));
  }

  @Test
  void recoveryNeedsNoRegistry() {
    check(
        noClasses()
            .that()
            .resideInAPackage(qualified("recovery"))
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage(qualified("registry"), qualified("cri")));
  }

  @Test
  void theBindingsKnowNothingOfHearth() {
    check(
        noClasses()
            .that()
            .resideInAPackage(NATIVE + "..")
            .should()
            .dependOnClassesThat(ours().and(not(resideInAnyPackage(NATIVE + "..")))));
  }

  @Test
  void theShimsClientKnowsOnlyTheBindings() {
    check(
        noClasses()
            .that()
            .resideInAPackage(SHIM + "..")
            .should()
            .dependOnClassesThat(ours().and(not(resideInAnyPackage(NATIVE + "..", SHIM + "..")))));
  }

  @Test
  void nothingSystemWideChangesBehindACallersBack() {
    check(fields().that(areOurs()).and().areStatic().should().beFinal());
  }

  @Test
  void onlyTheLogSpeaks() {
    check(NO_CLASSES_SHOULD_ACCESS_STANDARD_STREAMS);
  }

  @Test
  void aNameSaysWhatSomethingIs() {
    check(
        noClasses()
            .that()
            .resideOutsideOfPackage("dev.hearth.proto..")
            .should()
            .haveSimpleNameEndingWith("Manager")
            .orShould()
            .haveSimpleNameEndingWith("Util")
            .orShould()
            .haveSimpleNameEndingWith("Utils")
            .orShould()
            .haveSimpleNameEndingWith("Helper")
            .orShould()
            .haveSimpleNameEndingWith("Impl"));
  }

  /** A package that has no class yet breaks no rule. */
  private static void check(ArchRule rule) {
    rule.allowEmptyShould(true).check(CODE);
  }

  private static DescribedPredicate<JavaClass> ours() {
    return resideInAnyPackage("dev.hearth..");
  }

  private static DescribedPredicate<JavaField> areOurs() {
    return DescribedPredicate.describe(
        "are ours",
        field ->
            !field.getOwner().getPackageName().startsWith("dev.hearth.proto")
                && !field.getName().contains("$"));
  }

  /** A package and those below it; a name without a point is one of the runtime's. */
  private static String qualified(String name) {
    return (name.contains(".") ? name : "dev.hearth.runtime." + name) + "..";
  }
}
