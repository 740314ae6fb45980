package app.mien;

import android.content.res.AssetManager;
import android.net.Uri;
import android.webkit.WebResourceRequest;
import android.webkit.WebResourceResponse;
import app.mien.inference.Messages;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Collections;
import java.util.HashMap;
import java.util.Map;
import java.util.regex.Pattern;

/** Answers every request of the page: from the APK's assets, from the native engine, or not at all. */
final class PageServer {
    /** The name that Android keeps for pages out of an APK: secure, and on no network. */
    static final String HOST = "appassets.androidplatform.net";
    static final String START = "https://" + HOST + "/index.html";
    static final String PRIVACY = "https://" + HOST + "/privacy.html";

    private static final String FOLDER = "app/";
    /** No empty part, none that begins with a dot, no escape and no backslash: nothing leads out of the folder. */
    private static final Pattern PATH = Pattern.compile("(?:[A-Za-z0-9_-][A-Za-z0-9._-]*/)*[A-Za-z0-9_-][A-Za-z0-9._-]*");
    private static final Map<String, String> TYPES = new HashMap<>();

    static {
        TYPES.put("css", "text/css");
        TYPES.put("html", "text/html");
        TYPES.put("js", "text/javascript");
        TYPES.put("json", "application/json");
        TYPES.put("onnx", "application/octet-stream");
        TYPES.put("png", "image/png");
        TYPES.put("svg", "image/svg+xml");
        TYPES.put("wasm", "application/wasm");
        TYPES.put("webmanifest", "application/manifest+json");
    }

    private final AssetManager assets;
    private final Messages engine;
    private final Given given;

    /** A picture that has come to the app. */
    interface Given {
        String type();

        InputStream open() throws IOException;
    }

    PageServer(AssetManager assets, int threads, Given given) {
        this.assets = assets;
        this.given = given;
        engine = new Messages(name -> bytes("models/" + name), threads);
    }

    /** Called on WebView's own threads. Never null: what is not answered here would be asked of the network. */
    WebResourceResponse answer(WebResourceRequest request) {
        Uri address = request.getUrl();
        if (!"https".equals(address.getScheme()) || !HOST.equals(address.getAuthority())) return refusal(403, "Forbidden");
        if (!"GET".equals(request.getMethod())) return refusal(405, "Method Not Allowed");
        String path = address.getEncodedPath();
        path = path == null || path.isEmpty() || path.equals("/") ? "index.html" : path.substring(1);
        if (path.startsWith(Messages.PREFIX)) {
            String faces = null;
            for (Map.Entry<String, String> header : request.getRequestHeaders().entrySet()) {
                if (header.getKey().equalsIgnoreCase(Messages.FACES)) faces = header.getValue();
            }
            Messages.Answer said = engine.answer(path, faces);
            return response(
                    "application/octet-stream", said.status(), said.status() == 200 ? "OK" : "Refused",
                    new ByteArrayInputStream(said.body()));
        }
        if (path.equals(GivenPicture.PATH)) return givenPicture();
        String type = TYPES.get(path.substring(path.lastIndexOf('.') + 1));
        if (type == null || !PATH.matcher(path).matches()) return refusal(404, "Not Found");
        try {
            WebResourceResponse found = response(type, 200, "OK", assets.open(FOLDER + path));
            // Their names change with their content: what the WebView made of one, WebAssembly's code too, may be kept.
            if (path.startsWith("assets/")) found.setResponseHeaders(headers("public, max-age=31536000, immutable"));
            return found;
        } catch (IOException error) {
            return refusal(404, "Not Found");
        }
    }

    private WebResourceResponse givenPicture() {
        try {
            String type = given.type(); // before it is opened, which happens once
            return response(type, 200, "OK", given.open());
        } catch (IOException error) {
            return refusal(404, "Not Found");
        }
    }

    /** Whether an address is the page's own. */
    static boolean isOwn(Uri address) {
        return "https".equals(address.getScheme()) && HOST.equals(address.getAuthority());
    }

    private byte[] bytes(String path) throws IOException {
        try (InputStream file = assets.open(FOLDER + path)) {
            return Streams.bytes(file);
        }
    }

    private static WebResourceResponse refusal(int status, String reason) {
        byte[] text = reason.getBytes(StandardCharsets.UTF_8);
        return response("text/plain", status, reason, new ByteArrayInputStream(text));
    }

    private static WebResourceResponse response(String type, int status, String reason, InputStream body) {
        String encoding = type.startsWith("text/") ? "utf-8" : null;
        return new WebResourceResponse(type, encoding, status, reason, headers("no-store"), body);
    }

    private static Map<String, String> headers(String caching) {
        Map<String, String> headers = new HashMap<>();
        headers.put("Cache-Control", caching);
        headers.put("X-Content-Type-Options", "nosniff");
        headers.put("Cross-Origin-Opener-Policy", "same-origin");
        return Collections.unmodifiableMap(headers);
    }
}
