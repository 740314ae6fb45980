package app.mien;

import static org.junit.Assert.assertArrayEquals;
import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertFalse;
import static org.junit.Assert.assertNotNull;
import static org.junit.Assert.assertNull;
import static org.junit.Assert.assertTrue;
import static org.robolectric.Shadows.shadowOf;

import android.Manifest;
import android.app.Activity;
import android.content.Intent;
import android.content.pm.PackageManager;
import android.net.Uri;
import android.webkit.PermissionRequest;
import android.webkit.WebResourceRequest;
import android.webkit.WebResourceResponse;
import java.util.Collections;
import java.util.Map;
import org.junit.Before;
import org.junit.Test;
import org.junit.runner.RunWith;
import org.robolectric.Robolectric;
import org.robolectric.RobolectricTestRunner;
import org.robolectric.RuntimeEnvironment;
import org.robolectric.android.controller.ActivityController;
import org.robolectric.annotation.Config;
import org.robolectric.shadows.ShadowAlertDialog;

/** The shell on Android's own framework classes, with the built app's resources and assets. */
@RunWith(RobolectricTestRunner.class)
@Config(sdk = 35)
public class ShellTest {
    private Activity activity;
    private PageServer server;

    @Before
    public void setUp() {
        activity = Robolectric.buildActivity(Activity.class).setup().get();
        server = new PageServer(activity.getAssets(), 1, new PageServer.Given() {
            @Override public String type() { return "image/png"; }
            @Override public java.io.InputStream open() { return new java.io.ByteArrayInputStream(new byte[] {7}); }
        });
    }

    private record Request(Uri getUrl, String getMethod, Map<String, String> getRequestHeaders) implements WebResourceRequest {
        static Request of(String address) {
            return new Request(Uri.parse(address), "GET", Collections.emptyMap());
        }

        @Override public Uri getUrl() { return getUrl; }
        @Override public String getMethod() { return getMethod; }
        @Override public Map<String, String> getRequestHeaders() { return getRequestHeaders; }
        @Override public boolean isForMainFrame() { return false; }
        @Override public boolean isRedirect() { return false; }
        @Override public boolean hasGesture() { return false; }
    }

    private static final class Wish extends PermissionRequest {
        private final String origin;
        private final String[] resources;
        String[] granted;
        boolean denied;

        Wish(String origin, String... resources) {
            this.origin = origin;
            this.resources = resources;
        }

        @Override public Uri getOrigin() { return Uri.parse(origin); }
        @Override public String[] getResources() { return resources; }
        @Override public void grant(String[] resources) { granted = resources; }
        @Override public void deny() { denied = true; }
    }

    private static final String ORIGIN = "https://" + PageServer.HOST + "/";

    private static Wish camera() {
        return new Wish(ORIGIN, PermissionRequest.RESOURCE_VIDEO_CAPTURE);
    }

    @Test
    public void thePageComesOutOfTheAssets() throws Exception {
        for (String path : new String[] {"", "index.html", "index.html?x=1#models"}) {
            WebResourceResponse page = server.answer(Request.of(ORIGIN + path));
            assertEquals(path, 200, page.getStatusCode());
            assertEquals("text/html", page.getMimeType());
            assertTrue(new String(page.getData().readAllBytes(), "utf-8").contains("<title>Mien</title>"));
        }
        assertEquals("application/json", server.answer(Request.of(ORIGIN + "models.json")).getMimeType());
        for (String own : new String[] {"privacy.html", "notices.html"}) {
            assertEquals(own, "text/html", server.answer(Request.of(ORIGIN + own)).getMimeType());
        }
        WebResourceResponse given = server.answer(Request.of(ORIGIN + GivenPicture.PATH));
        assertEquals("image/png", given.getMimeType());
        assertEquals(7, given.getData().read());
    }

    @Test
    public void whatChangesItsNameWithItsContentMayBeKeptAndNothingElse() throws Exception {
        String hashed = "assets/" + activity.getAssets().list("app/assets")[0];
        for (String path : new String[] {"index.html", "models.json", "models/vit_tiny.onnx", GivenPicture.PATH}) {
            assertEquals(path, "no-store", server.answer(Request.of(ORIGIN + path)).getResponseHeaders().get("Cache-Control"));
        }
        WebResourceResponse kept = server.answer(Request.of(ORIGIN + hashed));
        assertTrue(kept.getResponseHeaders().get("Cache-Control").endsWith("immutable"));
        assertEquals("nosniff", kept.getResponseHeaders().get("X-Content-Type-Options"));
    }

    @Test
    public void nothingElseIsServed() {
        for (String path : new String[] {
            "../AndroidManifest.xml", "%2e%2e/index.html", "assets/../index.html", "assets/%2e%2e/index.html", "..%2findex.html",
            "index%2ehtml", "//index.html", "assets//x.js", "assets", "assets/", ".html", "x\\..\\index.html", "index.html/", "missing.js",
            "index.html%00.js", "./index.html", "res/values.arsc",
        }) {
            assertEquals(path, 404, server.answer(Request.of(ORIGIN + path)).getStatusCode());
        }
        for (String address : new String[] {
            "https://example.com/index.html", "http://" + PageServer.HOST + "/index.html", "https://" + PageServer.HOST + ".example.com/",
            "https://x@" + PageServer.HOST + "/", "https://" + PageServer.HOST + ":8443/", "file:///android_asset/app/index.html",
        }) {
            assertEquals(address, 403, server.answer(Request.of(address)).getStatusCode());
        }
        Request post = new Request(Uri.parse(ORIGIN), "POST", Collections.emptyMap());
        assertEquals(405, server.answer(post).getStatusCode());
    }

    @Test
    public void messagesReachTheEngine() {
        assertEquals(426, server.answer(Request.of(ORIGIN + "native/9/open/vit_tiny.onnx")).getStatusCode());
        assertEquals(400, server.answer(Request.of(ORIGIN + "native/2/open/..%2Findex.html")).getStatusCode());
        assertEquals(409, server.answer(Request.of(ORIGIN + "native/2/run/vit_tiny.onnx")).getStatusCode());
    }

    @Test
    public void anAllowedCameraIsGivenAtOnceAndNothingElseEver() {
        shadowOf(RuntimeEnvironment.getApplication()).grantPermissions(Manifest.permission.CAMERA);
        CameraPermission permission = new CameraPermission(activity);
        Wish wish = camera();
        permission.ask(wish);
        assertArrayEquals(wish.getResources(), wish.granted);
        for (Wish wrong : new Wish[] {
            new Wish("https://example.com/", PermissionRequest.RESOURCE_VIDEO_CAPTURE),
            new Wish(ORIGIN, PermissionRequest.RESOURCE_AUDIO_CAPTURE),
            new Wish(ORIGIN, PermissionRequest.RESOURCE_VIDEO_CAPTURE, PermissionRequest.RESOURCE_AUDIO_CAPTURE),
        }) {
            permission.ask(wrong);
            assertTrue(wrong.denied);
            assertNull(wrong.granted);
        }
    }

    @Test
    public void theUsersAnswerReachesThePage() {
        CameraPermission permission = new CameraPermission(activity);
        Wish yes = camera();
        permission.ask(yes);
        assertNull(yes.granted);
        assertFalse(yes.denied);
        permission.answered(new int[] {PackageManager.PERMISSION_GRANTED});
        assertNotNull(yes.granted);
        Wish cancelled = camera();
        permission.ask(cancelled);
        permission.cancel(cancelled);
        permission.answered(new int[] {PackageManager.PERMISSION_GRANTED});
        assertNull(cancelled.granted);
    }

    @Test
    public void whoRefusedForGoodIsShownTheSettings() {
        CameraPermission permission = new CameraPermission(activity);
        PackageManager packages = activity.getPackageManager();
        shadowOf(packages).setShouldShowRequestPermissionRationale(Manifest.permission.CAMERA, true);
        Wish first = camera();
        permission.ask(first);
        permission.answered(new int[] {PackageManager.PERMISSION_DENIED});
        assertTrue(first.denied);
        assertNull(ShadowAlertDialog.getLatestAlertDialog());
        shadowOf(packages).setShouldShowRequestPermissionRationale(Manifest.permission.CAMERA, false);
        Wish second = camera();
        permission.ask(second);
        permission.answered(new int[] {PackageManager.PERMISSION_DENIED});
        assertTrue(second.denied);
        assertNotNull(ShadowAlertDialog.getLatestAlertDialog());
    }

    @Test
    public void aChosenPictureReachesThePageAndAChangedMindIsToldToo() {
        PicturePicker picker = new PicturePicker(activity, picture -> { throw new AssertionError("the page waits for it"); });
        Uri[][] heard = new Uri[3][];
        int[] calls = new int[3];
        for (int i = 0; i < 3; i++) {
            int place = i;
            picker.open(pictures -> {
                heard[place] = pictures;
                calls[place]++;
            }, "image/*");
            if (i == 0) picker.chosen(Activity.RESULT_CANCELED, null);
            if (i == 1) picker.chosen(Activity.RESULT_OK, new Intent().setData(Uri.parse("content://gallery/1")));
            if (i == 2) picker.chosen(Activity.RESULT_OK, new Intent().setData(Uri.parse("file:///data/data/app.mien/x")));
        }
        assertNull(heard[0]);
        assertEquals(Uri.parse("content://gallery/1"), heard[1][0]);
        assertNull(heard[2]);
        assertArrayEquals(new int[] {1, 1, 1}, calls);
        assertEquals(Intent.ACTION_CHOOSER, shadowOf(activity).getNextStartedActivityForResult().intent.getAction());
    }

    @Test
    public void aVideoCanBeChosenWhereThePageWantsOne() {
        PicturePicker picker = new PicturePicker(activity, picture -> {});
        picker.open(pictures -> {}, "image/*", "video/*");
        Intent choice = shadowOf(activity).getNextStartedActivityForResult().intent.getParcelableExtra(Intent.EXTRA_INTENT);
        assertEquals("*/*", choice.getType());
        assertArrayEquals(new String[] {"image/*", "video/*"}, choice.getStringArrayExtra(Intent.EXTRA_MIME_TYPES));
    }

    @Test
    public void withoutAWebViewWordsAreShownAndNothingFails() {
        ActivityController<MainActivity> shell = Robolectric.buildActivity(MainActivity.class).setup();
        if (shell.get().page() == null) shell.pause().stop().start().resume().destroy();
        assertFalse(WebViewCheck.isRecent(null));
        assertFalse(WebViewCheck.isRecent("70.0.3538.110"));
        assertFalse(WebViewCheck.isRecent("odd"));
        assertTrue(WebViewCheck.isRecent("131.0.6778.39"));
    }
}
