package io.dino4j.examples.cli;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import picocli.CommandLine;
import picocli.CommandLine.Help.Ansi;
import picocli.CommandLine.HelpCommand;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Model.PositionalParamSpec;

/** A page about all commands, from what the commands say of themselves. */
final class CommandReference {
    /** How the page is made. */
    static final String COMMAND = "./dino4j reference --out docs/cli.md";

    private final CommandSpec root;
    private final StringBuilder text = new StringBuilder();

    CommandReference(CommandSpec root) {
        this.root = root;
    }

    String markdown() {
        text.append("# Commands\n\n<!-- Made by '")
                .append(COMMAND)
                .append("' from what the commands say of themselves: change them, not this page. -->\n\n");
        paragraphs(root.usageMessage().footer());
        text.append("`--help` after any command prints what is below, `--version` the version.\n\n");
        List<CommandSpec> all = all(root).skip(1).toList();
        text.append("| command | |\n| --- | --- |\n");
        all.forEach(c -> text.append("| [%s](#%s) | %s |\n"
                .formatted(
                        c.qualifiedName(),
                        c.qualifiedName().replace(' ', '-').toLowerCase(Locale.ROOT),
                        cell(c.usageMessage().description()))));
        all.forEach(this::command);
        return text.toString().replaceAll("\n{3,}", "\n\n").strip() + "\n";
    }

    /** A command, then those below it. */
    private static Stream<CommandSpec> all(CommandSpec command) {
        return Stream.concat(
                Stream.of(command),
                command.subcommands().values().stream()
                        .map(CommandLine::getCommandSpec)
                        .distinct()
                        .filter(c -> !c.usageMessage().hidden() && !(c.userObject() instanceof HelpCommand))
                        .flatMap(CommandReference::all));
    }

    private void command(CommandSpec command) {
        text.append("\n## ").append(command.qualifiedName()).append("\n\n");
        text.append(plain(command.usageMessage().description()))
                .append("\n\n    ")
                .append(synopsis(command))
                .append("\n\n");
        List<String> rows = new ArrayList<>();
        command.positionalParameters().stream()
                .filter(p -> !p.hidden())
                .forEach(p -> rows.add(row("`" + p.paramLabel() + "`", p)));
        command.options().stream()
                .filter(o -> !o.hidden() && !o.usageHelp() && !o.versionHelp())
                .forEach(o -> rows.add(row(names(o), o)));
        if (!rows.isEmpty()) {
            text.append("| option | |\n| --- | --- |\n");
            rows.forEach(text::append);
            text.append('\n');
        }
        paragraphs(command.usageMessage().footer());
    }

    private static String names(OptionSpec option) {
        String value = option.arity().max() == 0 ? "" : " " + option.paramLabel();
        return Stream.of(option.names()).map(n -> "`" + n + value + "`").collect(Collectors.joining(", "));
    }

    private static String row(String name, ArgSpec arg) {
        return "| %s | %s%s |\n".formatted(name, arg.required() ? "Required. " : "", cell(arg.description()));
    }

    /** What must be given. */
    private static String synopsis(CommandSpec command) {
        StringBuilder line = new StringBuilder("./").append(command.qualifiedName());
        command.options().stream()
                .filter(OptionSpec::required)
                .forEach(o ->
                        line.append(' ').append(o.longestName()).append(' ').append(o.paramLabel()));
        for (PositionalParamSpec p : command.positionalParameters()) {
            line.append(p.required() ? " " + p.paramLabel() : " [" + p.paramLabel() + "]");
        }
        boolean group = command.subcommands().values().stream()
                .anyMatch(c -> !(c.getCommandSpec().userObject() instanceof HelpCommand));
        return line.append(group ? " COMMAND" : " [OPTIONS]").toString();
    }

    /** Lines that are indented are commands; others run on. */
    private void paragraphs(String... lines) {
        boolean code = false;
        for (String line : lines) {
            String shown = Ansi.OFF.string(line);
            boolean indented = shown.startsWith("  ") && !shown.isBlank();
            if (indented != code) {
                text.append('\n');
            }
            code = indented;
            text.append(indented ? "  " : "").append(shown).append('\n');
        }
        text.append('\n');
    }

    private static String cell(String... lines) {
        return plain(lines).replace("|", "\\|").replace("<", "&lt;");
    }

    private static String plain(String... lines) {
        return Stream.of(lines)
                .map(l ->
                        Ansi.OFF.string(l).replace("%%", "%").replace("%n", " ").strip())
                .collect(Collectors.joining(" "));
    }
}
