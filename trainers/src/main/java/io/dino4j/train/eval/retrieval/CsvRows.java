package io.dino4j.train.eval.retrieval;

import com.fasterxml.jackson.core.JacksonException;
import com.fasterxml.jackson.databind.MappingIterator;
import com.fasterxml.jackson.dataformat.csv.CsvMapper;
import com.fasterxml.jackson.dataformat.csv.CsvParser;
import com.fasterxml.jackson.dataformat.csv.CsvSchema;
import java.io.IOException;
import java.io.Reader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/** The rows of a table of comma-separated values below a line of names. */
final class CsvRows {
    private CsvRows() {}

    /**
     * Reads a table.
     *
     * @param columns that must be there; a row may leave one empty, but not out
     * @return a row's values by column
     * @throws IllegalArgumentException in one line naming the file, if it is not there, is no such table, or has no rows
     * @throws IOException if it cannot be read
     */
    static List<Map<String, String>> read(Path file, List<String> columns) throws IOException {
        if (!Files.isRegularFile(file)) {
            throw new IllegalArgumentException(
                    "%s: there is no such file; expected a table with the columns %s".formatted(file, columns));
        }
        List<Map<String, String>> rows;
        try (Reader text = Files.newBufferedReader(file);
                MappingIterator<Map<String, String>> values = new CsvMapper()
                        .readerForMapOf(String.class)
                        .with(CsvParser.Feature.TRIM_SPACES)
                        .with(CsvParser.Feature.SKIP_EMPTY_LINES)
                        .with(CsvSchema.emptySchema().withHeader())
                        .readValues(text)) {
            rows = values.readAll();
        } catch (JacksonException e) {
            throw new IllegalArgumentException(
                    "%s: line %s: %s"
                            .formatted(
                                    file,
                                    e.getLocation() == null
                                            ? "?"
                                            : e.getLocation().getLineNr(),
                                    e.getOriginalMessage()),
                    e);
        }
        if (rows.isEmpty()) {
            throw new IllegalArgumentException("%s: has no rows; expected the columns %s".formatted(file, columns));
        }
        for (int i = 0; i < rows.size(); i++) {
            for (String column : columns) {
                if (!rows.get(i).containsKey(column)) {
                    throw new IllegalArgumentException(
                            "%s: row %d has no '%s'; expected the columns %s".formatted(file, i + 1, column, columns));
                }
            }
        }
        return rows;
    }
}
