package app.mien;

import android.app.Activity;
import android.content.Intent;
import android.content.pm.PackageInfo;
import android.graphics.Insets;
import android.net.Uri;
import android.os.Build;
import android.os.Bundle;
import android.util.AndroidRuntimeException;
import android.view.View;
import android.view.ViewGroup;
import android.view.WindowInsets;
import android.view.WindowInsetsController;
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
import android.widget.TextView;

/** The app's one screen: the page, out of the APK. */
public final class MainActivity extends Activity {
    /** The oldest WebView that the page's build is for: Vite's "baseline widely available". */
    static final int OLDEST_WEBVIEW = 111;
    /** By this word in the user agent the page knows that it is in the app (web/src/engine/native.ts). */
    static final String MARK = " MienAndroid/" + app.mien.inference.Messages.VERSION;
    /** Cores for one call, at most: more wait for each other on phones with a few fast cores. */
    private static final int THREADS = 4;

    private FrameLayout frame;
    private WebView page;
    private CameraPermission camera;
    private PicturePicker picker;
    private PictureSaver saver;

    @Override
    protected void onCreate(Bundle state) {
        super.onCreate(state);
        frame = new FrameLayout(this);
        frame.setBackgroundColor(getColor(R.color.ground));
        setContentView(frame);
        drawBehindBars();
        WebView made = isRecent(version(webViewPackage())) ? makePage() : null;
        if (made == null) {
            showTooOld();
            return;
        }
        page = made;
        frame.addView(page, new FrameLayout.LayoutParams(ViewGroup.LayoutParams.MATCH_PARENT, ViewGroup.LayoutParams.MATCH_PARENT));
        if (state == null || page.restoreState(state) == null) page.loadUrl(PageServer.START);
    }

    private static PackageInfo webViewPackage() {
        return Build.VERSION.SDK_INT >= 26 ? WebView.getCurrentWebViewPackage() : null;
    }

    private static String version(PackageInfo webView) {
        return webView == null ? null : webView.versionName;
    }

    /** Whether a version such as "131.0.6778.39" is new enough; null where there is no WebView. */
    static boolean isRecent(String version) {
        if (version == null) return false;
        try {
            return Integer.parseInt(version.split("\\.")[0]) >= OLDEST_WEBVIEW;
        } catch (NumberFormatException error) {
            return false;
        }
    }

    private WebView makePage() {
        WebView view;
        try {
            view = new WebView(this);
        } catch (AndroidRuntimeException error) {
            return null; // it is being updated at this moment, or was taken away
        }
        camera = new CameraPermission(this);
        picker = new PicturePicker(this);
        saver = new PictureSaver(this);
        PageServer server = new PageServer(getAssets(), Math.min(THREADS, Runtime.getRuntime().availableProcessors()));
        WebSettings settings = view.getSettings();
        settings.setJavaScriptEnabled(true);
        settings.setDomStorageEnabled(true);
        settings.setAllowFileAccess(false);
        settings.setAllowContentAccess(true); // the picture that the user chose
        settings.setMediaPlaybackRequiresUserGesture(false); // the camera's picture goes on after a pause
        settings.setUserAgentString(settings.getUserAgentString() + MARK);
        view.setBackgroundColor(getColor(R.color.ground));
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
        public boolean onRenderProcessGone(WebView view, RenderProcessGoneDetail detail) {
            // The page's process ran out of memory: a new page instead of the app's end.
            frame.removeView(view);
            view.destroy();
            page = null;
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
            picker.open(callback);
            return true;
        }
    }

    /** From Android 15 on an app stands behind the bars; here it always does, and the page keeps clear of them. */
    private void drawBehindBars() {
        if (Build.VERSION.SDK_INT < 30) return; // there the system keeps the page clear of its bars
        getWindow().setDecorFitsSystemWindows(false);
        boolean light = (getResources().getConfiguration().uiMode & android.content.res.Configuration.UI_MODE_NIGHT_MASK)
                != android.content.res.Configuration.UI_MODE_NIGHT_YES;
        int dark = WindowInsetsController.APPEARANCE_LIGHT_STATUS_BARS | WindowInsetsController.APPEARANCE_LIGHT_NAVIGATION_BARS;
        getWindow().setNavigationBarColor(getColor(R.color.ground));
        getWindow().getInsetsController().setSystemBarsAppearance(light ? dark : 0, dark);
        frame.setOnApplyWindowInsetsListener((view, insets) -> {
            Insets kept = insets.getInsets(WindowInsets.Type.systemBars() | WindowInsets.Type.displayCutout() | WindowInsets.Type.ime());
            view.setPadding(kept.left, kept.top, kept.right, kept.bottom);
            return WindowInsets.CONSUMED;
        });
    }

    private void showTooOld() {
        int space = Math.round(24 * getResources().getDisplayMetrics().density);
        TextView words = new TextView(this);
        words.setText(getString(R.string.old_title) + "\n\n" + getString(R.string.old_text));
        words.setTextColor(getColor(R.color.ink));
        words.setTextSize(18);
        words.setPadding(space, space, space, space);
        words.setTextIsSelectable(true);
        frame.addView(words);
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
        if (page != null) page.saveState(state);
    }

    @Override
    protected void onDestroy() {
        if (page != null) {
            frame.removeView(page);
            page.destroy();
            page = null;
        }
        super.onDestroy();
    }

    @Override
    @SuppressWarnings("deprecation") // its successor is newer than the oldest phone this app is for
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
        else if (request == PictureSaver.REQUEST) saver.chosen(result, data);
    }

    /** The page's view, for tests; null where WebView is too old. */
    View page() {
        return page;
    }
}
