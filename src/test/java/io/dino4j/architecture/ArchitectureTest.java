package io.dino4j.architecture;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.Architectures.layeredArchitecture;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.Location;
import com.tngtech.archunit.core.importer.Locations;
import com.tngtech.archunit.library.GeneralCodingRules;
import io.dino4j.data.image.Transform;
import io.dino4j.graph.exec.Gradients;
import java.io.ObjectInputStream;
import java.net.URL;
import java.nio.file.Path;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Which module may use which, and what no module may use. */
final class ArchitectureTest {
    private static final String GRAPHS = "io.dino4j.graph..";
    private static final String DATA = "io.dino4j.data..";
    private static final String ZOO = "io.dino4j.zoo..";
    private static final String TRAINERS = "io.dino4j.train..";
    private static final String EXAMPLES = "io.dino4j.examples..";
    private static final String SPARK = "io.dino4j.spark..";

    /** Not on the class path of the tests, where it would send their curation to a cluster. */
    private static final Path SPARK_CLASSES =
            Path.of(System.getProperty("dino4j.root", "../.."), "datavec-pipelines/spark/target/classes");

    private static JavaClasses classes;

    @BeforeAll
    static void importClasses() {
        URL tests = ArchitectureTest.class.getProtectionDomain().getCodeSource().getLocation();
        Stream<Location> ours = Locations.ofPackage("io.dino4j").stream().filter(l -> !l.contains(tests.getPath()));
        Stream<Location> spark = Stream.of(Location.of(SPARK_CLASSES));
        classes = new ClassFileImporter()
                .importLocations(Stream.concat(ours, spark).toList());
    }

    /** A rule about nothing holds always. */
    @ParameterizedTest
    @ValueSource(strings = {GRAPHS, DATA, ZOO, TRAINERS, EXAMPLES, SPARK})
    void everyModuleIsSeen(String module) {
        assertTrue(classes.stream().filter(resideInAPackage(module)).count() > 5, module);
    }

    @Test
    void modulesUseOnlyThoseBelow() {
        layeredArchitecture()
                .consideringOnlyDependenciesInLayers()
                .layer("samediff-graphs")
                .definedBy(GRAPHS)
                .layer("datavec-pipelines")
                .definedBy(DATA)
                .layer("zoo")
                .definedBy(ZOO)
                .layer("trainers")
                .definedBy(TRAINERS)
                .layer("examples")
                .definedBy(EXAMPLES)
                .layer("spark")
                .definedBy(SPARK)
                .whereLayer("samediff-graphs")
                .mayNotAccessAnyLayer()
                .whereLayer("datavec-pipelines")
                .mayNotAccessAnyLayer()
                .whereLayer("zoo")
                .mayOnlyAccessLayers("samediff-graphs", "datavec-pipelines")
                .whereLayer("trainers")
                .mayOnlyAccessLayers("samediff-graphs", "datavec-pipelines", "zoo")
                .whereLayer("examples")
                .mayOnlyAccessLayers("samediff-graphs", "datavec-pipelines", "zoo", "trainers")
                .whereLayer("spark")
                .mayOnlyAccessLayers("samediff-graphs", "datavec-pipelines", "trainers", "examples")
                .check(classes);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "io.dino4j.graph.(*)..",
                "io.dino4j.data.(*)..",
                "io.dino4j.zoo.(**)",
                "io.dino4j.train.(*)..",
                "io.dino4j.examples.(*).."
            })
    void packagesOfAModuleFormNoCycle(String packages) {
        slices().matching(packages).should().beFreeOfCycles().check(classes);
    }

    @Test
    void onlyExamplesTalkToTheConsole() {
        noClasses()
                .that()
                .resideOutsideOfPackage(EXAMPLES)
                .and()
                .areNotAssignableTo(Gradients.class) // it silences a library
                .should(GeneralCodingRules.ACCESS_STANDARD_STREAMS)
                .check(classes);
    }

    @Test
    void onlyTheCommandLineEndsTheProcess() {
        noClasses()
                .that()
                .resideOutsideOfPackages(EXAMPLES, SPARK) // both have a Main
                .should()
                .callMethod(System.class, "exit", int.class)
                .check(classes);
    }

    @Test
    void randomnessIsAnArgument() {
        noClasses()
                .that()
                .areNotAssignableTo(Transform.class) // DataVec's interface hands its transforms a java.util.Random
                .should()
                .dependOnClassesThat()
                .areAssignableTo(Random.class)
                .check(classes);
        noClasses().should().callMethod(Math.class, "random").check(classes);
    }

    @Test
    void filesAreNeverDeserialisedIntoObjects() {
        noClasses()
                .should()
                .dependOnClassesThat()
                .areAssignableTo(ObjectInputStream.class)
                .check(classes);
    }

    @Test
    void graphsReadNoFilesAndStartNoThreads() {
        noClasses()
                .that()
                .resideInAPackage("io.dino4j.graph..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("java.nio.file..", "java.net..")
                .check(classes);
    }

    @Test
    void exceptionsAreFinal() {
        classes()
                .that()
                .areAssignableTo(Exception.class)
                .should()
                .haveModifier(JavaModifier.FINAL)
                .check(classes);
    }
}
