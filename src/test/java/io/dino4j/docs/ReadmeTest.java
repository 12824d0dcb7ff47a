package io.dino4j.docs;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.StringWriter;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.tools.JavaCompiler;
import javax.tools.JavaFileObject;
import javax.tools.SimpleJavaFileObject;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The Java code of the README compiles as it stands there. */
final class ReadmeTest {
    private static final Pattern CODE = Pattern.compile("```java\n(.*?)```", Pattern.DOTALL);

    private static final String HEAD =
            """
            import io.dino4j.graph.Precision;
            import io.dino4j.graph.exec.*;
            import io.dino4j.graph.vit.*;
            import java.util.*;
            import org.nd4j.autodiff.samediff.*;
            import org.nd4j.linalg.api.buffer.DataType;
            class Readme { void example() throws Exception {
            """;

    @Test
    void codeCompiles(@TempDir Path out) throws IOException {
        Path readme = Path.of(System.getProperty("dino4j.root", "../.."), "README.md");
        Matcher code = CODE.matcher(Files.readString(readme));
        assertTrue(code.find(), "no Java code in " + readme);
        String source = HEAD + code.group(1) + "}}";
        JavaFileObject file =
                new SimpleJavaFileObject(URI.create("string:///Readme.java"), JavaFileObject.Kind.SOURCE) {
                    @Override
                    public CharSequence getCharContent(boolean ignoreEncodingErrors) {
                        return source;
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
