package app.mien;

import android.app.Activity;
import android.content.Intent;
import android.content.res.Configuration;
import android.graphics.Bitmap;
import android.net.Uri;
import android.os.Bundle;
import android.util.AndroidRuntimeException;
import android.view.ViewGroup;
import android.webkit.PermissionRequest;
import android.webkit.RenderProcessGoneDetail;
import android.webkit.ValueCallback;
import android.webkit.WebChromeClient;
import android.webkit.WebResourceRequest;
import android.webkit.WebResourceResponse;
import android.webkit.WebSettings;
import android.webkit.WebView;
import android.webkit.WebViewClient;
import android.widget.FrameLayout;
import app.mien.inference.Messages;
import java.util.Arrays;
import java.util.List;

/** The app's one screen: the page, out of the APK. */
public final class MainActivity extends Activity {
    /** By this word in the user agent the page knows that it is in the app (web/src/engine/native.ts). */
    static final String MARK = " MienAndroid/" + Messages.VERSION;
    /** Cores for one call, at most: more wait for each other on phones with a few fast cores. */
    private static final int THREADS = 4;
    /** What the page may ask to be chosen. */
    private static final List<String> KINDS = Arrays.asList("image/*", "video/*");
    /** What the launcher's shortcut asks for (res/xml/shortcuts.xml). */
    static final String CHOOSE = "app.mien.CHOOSE_PICTURE";

    private final BackGesture back = new BackGesture(this);
    private final GivenPicture given = new GivenPicture(this);
    private FrameLayout frame;
    private WebView page;
    private CameraPermission camera;
    private PicturePicker picker;
    private FileSaver saver;

    @Override
    protected void onCreate(Bundle state) {
        super.onCreate(state);
        frame = new FrameLayout(this);
        setContentView(frame);
        SystemBars.standBehind(this, frame);
        page = WebViewCheck.isNewEnough() ? makePage() : null;
        colour();
        if (page == null) {
            frame.addView(WebViewCheck.words(this));
            return;
        }
        frame.addView(page, new FrameLayout.LayoutParams(ViewGroup.LayoutParams.MATCH_PARENT, ViewGroup.LayoutParams.MATCH_PARENT));
        if (state == null || page.restoreState(state) == null) page.loadUrl(PageServer.START);
        if (state == null) {
            picker.forgetTaken(); // of a run that was ended before the page had read it
            heed(getIntent());
        } else {
            given.restore(state);
        }
    }

    @Override
    protected void onNewIntent(Intent intent) {
        super.onNewIntent(intent);
        if (page != null) heed(intent);
    }

    /** What another app, a shortcut or the phone's settings want of this one. */
    private void heed(Intent intent) {
        Uri shared = GivenPicture.shared(intent);
        if (shared != null) given.give(shared, page);
        else if (CHOOSE.equals(intent.getAction())) picker.open(chosen -> { if (chosen != null) given.give(chosen[0], page); }, "image/*");
        else if (Intent.ACTION_APPLICATION_PREFERENCES.equals(intent.getAction())) page.loadUrl(PageServer.PRIVACY);
    }

    /** The ground's colour, of a light or a dark phone. */
    private void colour() {
        int ground = getColor(R.color.ground);
        frame.setBackgroundColor(ground);
        if (page != null) page.setBackgroundColor(ground);
        SystemBars.colour(this);
    }

    @Override
    public void onConfigurationChanged(Configuration configuration) {
        super.onConfigurationChanged(configuration);
        colour();
    }

    /** The page's view; null where there is none after all. */
    private WebView makePage() {
        WebView view;
        try {
            view = new WebView(this);
        } catch (AndroidRuntimeException error) {
            return null; // it is being updated at this moment, or was taken away
        }
        camera = new CameraPermission(this);
        picker = new PicturePicker(this, picture -> given.give(picture, page));
        saver = new FileSaver(this);
        int threads = Math.min(THREADS, Runtime.getRuntime().availableProcessors());
        PageServer server = new PageServer(getAssets(), threads, given);
        WebSettings settings = view.getSettings();
        settings.setJavaScriptEnabled(true);
        settings.setDomStorageEnabled(true);
        settings.setAllowFileAccess(false);
        settings.setAllowContentAccess(true); // the picture that the user chose
        settings.setMediaPlaybackRequiresUserGesture(false); // the camera's picture goes on after a pause
        settings.setUserAgentString(settings.getUserAgentString() + MARK);
        view.addJavascriptInterface(saver, "mienSaver");
        view.setWebViewClient(new Client(server));
        view.setWebChromeClient(new Chrome());
        return view;
    }

    private final class Client extends WebViewClient {
        private final PageServer server;

        Client(PageServer server) {
            this.server = server;
        }

        @Override
        public WebResourceResponse shouldInterceptRequest(WebView view, WebResourceRequest request) {
            return server.answer(request);
        }

        @Override
        public boolean shouldOverrideUrlLoading(WebView view, WebResourceRequest request) {
            return !PageServer.isOwn(request.getUrl());
        }

        @Override
        public void doUpdateVisitedHistory(WebView view, String address, boolean reloaded) {
            back.follow(view);
        }

        @Override
        public void onPageFinished(WebView view, String address) {
            given.follow(view, address);
        }

        @Override
        public void onPageStarted(WebView view, String address, Bitmap icon) {
            given.follow(view, "");
        }

        @Override
        public boolean onRenderProcessGone(WebView view, RenderProcessGoneDetail detail) {
            // The page's process ran out of memory: a new page instead of the app's end.
            frame.removeView(view);
            view.destroy();
            page = null;
            back.follow(null);
            recreate();
            return true;
        }
    }

    private final class Chrome extends WebChromeClient {
        @Override
        public void onPermissionRequest(PermissionRequest request) {
            camera.ask(request);
        }

        @Override
        public void onPermissionRequestCanceled(PermissionRequest request) {
            camera.cancel(request);
        }

        @Override
        public boolean onShowFileChooser(WebView view, ValueCallback<Uri[]> callback, FileChooserParams parameters) {
            String[] wanted = Arrays.stream(parameters.getAcceptTypes()).filter(type -> KINDS.contains(type)).toArray(String[]::new);
            picker.open(callback, wanted.length > 0 ? wanted : new String[] {"image/*"});
            return true;
        }
    }

    @Override
    protected void onStart() {
        super.onStart();
        if (page != null) page.onResume();
    }

    // Not in onPause: a question of the system pauses the app too, and must not close the camera.
    @Override
    protected void onStop() {
        if (page != null) page.onPause();
        super.onStop();
    }

    @Override
    protected void onSaveInstanceState(Bundle state) {
        super.onSaveInstanceState(state);
        if (page == null) return;
        page.saveState(state);
        given.save(state);
    }

    @Override
    protected void onDestroy() {
        if (isFinishing() && picker != null) picker.forgetTaken();
        if (page != null) {
            frame.removeView(page);
            page.destroy();
            page = null;
        }
        super.onDestroy();
    }

    @Override
    @SuppressWarnings("deprecation") // phones before Android 13 call it; BackGesture is for the others
    public void onBackPressed() {
        if (page != null && page.canGoBack()) page.goBack();
        else super.onBackPressed();
    }

    @Override
    public void onRequestPermissionsResult(int request, String[] permissions, int[] results) {
        if (request == CameraPermission.REQUEST && camera != null) camera.answered(results);
    }

    @Override
    protected void onActivityResult(int request, int result, Intent data) {
        if (page == null) return;
        if (request == PicturePicker.REQUEST) picker.chosen(result, data);
        else if (request == FileSaver.REQUEST) saver.chosen(result, data);
    }

    /** The page's view, for tests; null where WebView is too old. */
    WebView page() {
        return page;
    }
}
