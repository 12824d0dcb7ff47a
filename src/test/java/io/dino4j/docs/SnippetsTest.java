package io.dino4j.docs;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.StringWriter;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.tools.JavaCompiler;
import javax.tools.JavaFileObject;
import javax.tools.SimpleJavaFileObject;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The Java code of the README and of every page in docs compiles as it stands there. */
final class SnippetsTest {
    private static final Path ROOT = Path.of(System.getProperty("dino4j.root", "../.."));
    private static final Pattern CODE = Pattern.compile("```java\n(.*?)```", Pattern.DOTALL);

    /** What the README leaves out for brevity. */
    private static final String HEAD =
            """
            import io.dino4j.graph.Precision;
            import io.dino4j.graph.exec.*;
            import io.dino4j.graph.vit.*;
            import io.dino4j.zoo.*;
            import io.dino4j.zoo.model.*;
            import java.nio.file.Path;
            import java.util.*;
            import org.deeplearning4j.nn.graph.ComputationGraph;
            import org.nd4j.autodiff.samediff.*;
            import org.nd4j.linalg.api.buffer.DataType;
            """;

    /**
     * One block of code.
     *
     * @param page where it is from
     * @param number from 1
     * @param code imports first, then statements
     */
    private record Snippet(String page, int number, String code) {
        @Override
        public String toString() {
            return page + ", block " + number;
        }

        String source() {
            String imports = code.lines().filter(l -> l.startsWith("import ")).collect(Collectors.joining("\n"));
            String body = code.lines().filter(l -> !l.startsWith("import ")).collect(Collectors.joining("\n"));
            String head = page.equals("README.md") ? HEAD : "";
            return "%s%s\nclass Snippet { void example() throws Exception {\n%s\n}}".formatted(head, imports, body);
        }
    }

    static Stream<Snippet> snippets() throws IOException {
        List<Snippet> found = new ArrayList<>();
        try (Stream<Path> docs = Files.list(ROOT.resolve("docs"))) {
            List<Path> pages = Stream.concat(Stream.of(ROOT.resolve("README.md")), docs.sorted())
                    .filter(p -> p.toString().endsWith(".md"))
                    .toList();
            for (Path page : pages) {
                Matcher code = CODE.matcher(Files.readString(page));
                for (int i = 1; code.find(); i++) {
                    found.add(new Snippet(page.getFileName().toString(), i, code.group(1)));
                }
            }
        }
        return found.stream();
    }

    @Test
    void theReadmeAndThePagesOfTheZooShowCode() throws IOException {
        List<String> pages = snippets().map(Snippet::page).toList();
        assertTrue(
                pages.contains("README.md") && pages.contains("java.md") && pages.contains("dl4j.md"),
                pages.toString());
    }

    @ParameterizedTest
    @MethodSource("snippets")
    void compiles(Snippet snippet, @TempDir Path out) {
        JavaFileObject file =
                new SimpleJavaFileObject(URI.create("string:///Snippet.java"), JavaFileObject.Kind.SOURCE) {
                    @Override
                    public CharSequence getCharContent(boolean ignoreEncodingErrors) {
                        return snippet.source();
                    }
                };
        JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
        StringWriter messages = new StringWriter();
        List<String> options =
                List.of("-d", out.toString(), "-classpath", System.getProperty("java.class.path"), "-proc:none");
        boolean compiled = compiler.getTask(messages, null, null, options, null, List.of(file))
                .call();
        assertEquals("", compiled ? "" : messages.toString());
    }
}
