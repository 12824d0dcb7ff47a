package io.dino4j.data.page;

import io.dino4j.data.file.Durable;
import io.dino4j.data.image.Image;
import io.dino4j.data.image.ImageEncoder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A report on one page that needs no other file: it holds its pictures and styles itself and runs no script. Texts are escaped by the methods
 * that take text; {@link #html(String)} takes what is HTML already.
 */
public final class Page {
    private static final String STYLE =
            """
            :root{color-scheme:light dark;--ink:#1c2430;--dim:#667085;--line:#d8dee8;--card:#f6f8fb;--page:#fff;--hue:#2563eb;--second:#e08a00}
            @media (prefers-color-scheme:dark){:root{--ink:#e6eaf0;--dim:#98a2b3;--line:#344054;--card:#1a212c;--page:#11161d;--hue:#7aa7ff;--second:#f5b14c}}
            *{box-sizing:border-box}
            body{margin:0 auto;padding:32px 24px 64px;max-width:1160px;background:var(--page);color:var(--ink);
              font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif}
            h1{font-size:26px;margin:0 0 4px}h2{font-size:18px;margin:36px 0 12px}p,.dim{color:var(--dim);margin:0 0 8px}
            .charts{display:grid;grid-template-columns:repeat(auto-fill,minmax(300px,1fr));gap:14px}
            figure{margin:0;padding:12px;background:var(--card);border:1px solid var(--line);border-radius:8px}
            figcaption{display:flex;justify-content:space-between;font-size:13px;color:var(--dim)}figcaption b{color:var(--ink)}
            svg{width:100%;height:auto;display:block}svg text{font-size:11px;fill:var(--dim)}
            .grid{stroke:var(--line);fill:none}.line{stroke:var(--hue);stroke-width:1.6;fill:none;stroke-linejoin:round}
            .dots{fill:var(--hue)}
            table{border-collapse:collapse}th,td{padding:6px 14px;border-bottom:1px solid var(--line);text-align:right}
            th:first-child,td:first-child,.facts td{text-align:left}th{color:var(--dim);font-weight:500}
            .pairs{display:flex;flex-wrap:wrap;gap:12px}.pair{display:flex;gap:2px;border-radius:6px;overflow:hidden}
            .pair img{width:112px;height:112px;display:block;image-rendering:pixelated}
            .sheet{display:grid;grid-template-columns:repeat(auto-fill,minmax(330px,1fr));gap:12px}
            .sheet figure{display:flex;flex-wrap:wrap;gap:6px;align-items:flex-end}.sheet img{height:96px;max-width:150px;object-fit:contain;border-radius:4px}
            .sheet figcaption{width:100%;overflow-wrap:anywhere}.first{outline:2px solid var(--hue)}
            pre{background:var(--card);border:1px solid var(--line);border-radius:8px;padding:12px;overflow:auto;font-size:13px;margin:0}
            details{margin-top:8px}summary{cursor:pointer;color:var(--dim)}
            """;

    private static final String START = "<!-- sections -->\n";
    private static final String END = "<!-- end of sections -->\n";

    private final String title;
    private final StringBuilder body = new StringBuilder();

    /**
     * An empty page.
     *
     * @param title text of the heading
     */
    public Page(String title) {
        this.title = title;
    }

    /** Adds HTML as it is; nothing but constants and escaped texts may be in it. */
    public Page html(String html) {
        body.append(html);
        return this;
    }

    /** Adds the heading of a section. */
    public Page heading(String text) {
        return html("<h2>" + escape(text) + "</h2>\n");
    }

    /** Adds a paragraph. */
    public Page paragraph(String text) {
        return html("<p>" + escape(text) + "</p>\n");
    }

    /** Adds a list of points; nothing if there are none. */
    public Page points(List<String> texts) {
        if (!texts.isEmpty()) {
            html("<ul>\n");
            texts.forEach(t -> html("<li>" + escape(t) + "</li>\n"));
            html("</ul>\n");
        }
        return this;
    }

    /** Adds a table; the first cell of a row is its name. */
    public Page table(List<String> head, List<List<String>> rows) {
        html("<table><tr>");
        head.forEach(cell -> html("<th>" + escape(cell) + "</th>"));
        html("</tr>\n");
        for (List<String> row : rows) {
            html("<tr>");
            row.forEach(cell -> html("<td>" + escape(cell) + "</td>"));
            html("</tr>\n");
        }
        return html("</table>\n");
    }

    /** Adds the section that tells how the result came about: command, facts by name, the settings folded away. */
    public Page provenance(String command, Map<String, String> facts, String settings) {
        html("<h2>How it was made</h2>\n<pre>" + escape(command) + "</pre>\n<p></p><table class=\"facts\">");
        new LinkedHashMap<>(facts)
                .forEach((name, fact) -> html("<tr><td>" + escape(name) + "</td><td>" + escape(fact) + "</td></tr>\n"));
        return html(
                "</table>\n<details><summary>Configuration</summary><pre>" + escape(settings) + "</pre></details>\n");
    }

    /**
     * Adds the sections of a page that was written before, pictures and all, without its heading.
     *
     * @param report as {@link #write} wrote it
     * @throws IOException if it cannot be read or is no such page
     */
    public Page include(Path report) throws IOException {
        String text = Files.readString(report);
        int start = text.indexOf(START);
        int end = text.lastIndexOf(END);
        if (start < 0 || end < start) {
            throw new IOException("%s: is no report of dino4j; make it again".formatted(report));
        }
        return html(text.substring(start + START.length(), end));
    }

    /** The whole page as text. */
    public String text() {
        String escaped = escape(title);
        return "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
                + "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\"><title>" + escaped
                + "</title>\n<style>\n" + STYLE + "</style></head><body>\n<h1>" + escaped + "</h1>\n" + START + body
                + END
                + "</body></html>\n";
    }

    /**
     * Writes the page.
     *
     * @param file target; replaced whole if it exists
     * @throws IOException if it cannot be written
     */
    public void write(Path file) throws IOException {
        Durable.write(file, text());
    }

    /** An element for a picture. */
    public static String image(Image picture, String description) {
        return "<img alt=\"%s\" src=\"%s\">".formatted(escape(description), png(picture));
    }

    /** A picture as a {@code data:} address of a PNG, which a page can hold as it is. */
    public static String png(Image picture) {
        return "data:image/png;base64," + Base64.getEncoder().encodeToString(ImageEncoder.png(picture));
    }

    /** A photograph as a {@code data:} address of a JPEG: smaller, and not to the bit. */
    public static String jpeg(Image picture) {
        return "data:image/jpeg;base64," + Base64.getEncoder().encodeToString(ImageEncoder.jpeg(picture));
    }

    /** Text as it may stand in HTML, in elements and in attributes. */
    public static String escape(String text) {
        return text.replace("&", "&amp;")
                .replace("<", "&lt;")
                .replace(">", "&gt;")
                .replace("\"", "&quot;")
                .replace("'", "&#39;");
    }
}
