package app.mien.inference;

import com.sun.net.httpserver.HttpServer;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;

/** The engine behind its messages, on a loopback port that it prints; tests/web/test_android.py starts it. */
public final class DesktopEngine {
    private DesktopEngine() {}

    /** @param arguments the model files' folder */
    public static void main(String[] arguments) throws Exception {
        Path folder = Path.of(arguments[0]);
        Messages messages = new Messages(name -> Files.readAllBytes(folder.resolve(name)), 1);
        HttpServer server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/", exchange -> {
            String path = exchange.getRequestURI().getRawPath().substring(1);
            Messages.Answer said = messages.answer(path, exchange.getRequestHeaders().getFirst(Messages.FACES));
            exchange.sendResponseHeaders(said.status(), said.body().length == 0 ? -1 : said.body().length);
            if (said.body().length > 0) exchange.getResponseBody().write(said.body());
            exchange.close();
        });
        server.start();
        System.out.println(server.getAddress().getPort());
    }
}
