package app.mien;

import static org.junit.Assert.assertEquals;
import static org.junit.Assert.assertFalse;
import static org.junit.Assert.assertNotNull;
import static org.junit.Assert.assertNull;
import static org.junit.Assert.assertTrue;
import static org.robolectric.Shadows.shadowOf;

import android.app.Activity;
import android.content.ContentProvider;
import android.content.ContentValues;
import android.content.Intent;
import android.database.Cursor;
import android.net.Uri;
import android.os.Bundle;
import android.os.Looper;
import android.webkit.WebResourceRequest;
import android.webkit.WebResourceResponse;
import android.webkit.WebView;
import java.io.ByteArrayInputStream;
import java.io.File;
import java.nio.file.Files;
import java.time.Duration;
import org.junit.Test;
import org.junit.runner.RunWith;
import org.robolectric.RobolectricTestRunner;
import org.robolectric.RuntimeEnvironment;
import org.robolectric.android.controller.ActivityController;
import org.robolectric.annotation.Config;
import org.robolectric.shadows.ShadowContentResolver;
import org.robolectric.shadows.ShadowToast;

/** Pictures that come by sharing, by the shortcut, and after Android took the page away. */
@RunWith(RobolectricTestRunner.class)
@Config(sdk = 35)
public class GivenPictureTest {
    private static final Uri PICTURE = Uri.parse("content://gallery/1");

    private static Intent share(Object stream) {
        Intent intent = new Intent(Intent.ACTION_SEND).setType("image/jpeg");
        if (stream instanceof Uri) intent.putExtra(Intent.EXTRA_STREAM, (Uri) stream);
        else intent.putExtra(Intent.EXTRA_STREAM, (String) stream);
        return intent;
    }

    private static String asked(WebView page) {
        return shadowOf(page).getLastEvaluatedJavascript();
    }

    private static WebResourceResponse fetch(WebView page) {
        Uri address = Uri.parse("https://" + PageServer.HOST + "/" + GivenPicture.PATH);
        return page.getWebViewClient().shouldInterceptRequest(page, new WebResourceRequest() {
            @Override public Uri getUrl() { return address; }
            @Override public String getMethod() { return "GET"; }
            @Override public java.util.Map<String, String> getRequestHeaders() { return java.util.Map.of(); }
            @Override public boolean isForMainFrame() { return false; }
            @Override public boolean isRedirect() { return false; }
            @Override public boolean hasGesture() { return false; }
        });
    }

    private static void hold(Activity activity, Uri picture, String bytes) {
        shadowOf(activity.getContentResolver()).registerInputStream(picture, new ByteArrayInputStream(bytes.getBytes()));
    }

    @Test
    public void aSharedPictureIsGivenOnceThePageIsThereAndOnlyOnce() throws Exception {
        MainActivity activity = Shell.start(share(PICTURE), null).get();
        WebView page = activity.page();
        assertEquals(PageServer.START, shadowOf(page).getLastLoadedUrl());
        assertNull(asked(page));
        hold(activity, PICTURE, "jpeg");
        Shell.loaded(page, PageServer.START);
        assertTrue(asked(page).contains(GivenPicture.PATH));
        assertEquals("jpeg", new String(fetch(page).getData().readAllBytes()));
        assertEquals(404, fetch(page).getStatusCode());
    }

    /** Another app's provider: its types are its own affair. */
    private static final class Gallery extends ContentProvider {
        private final String type;

        Gallery(String type) {
            this.type = type;
        }

        @Override public boolean onCreate() { return true; }
        @Override public String getType(Uri uri) { return type; }
        @Override public Cursor query(Uri uri, String[] columns, String where, String[] values, String order) { return null; }
        @Override public Uri insert(Uri uri, ContentValues values) { return null; }
        @Override public int delete(Uri uri, String where, String[] values) { return 0; }
        @Override public int update(Uri uri, ContentValues content, String where, String[] values) { return 0; }
    }

    @Test
    public void aGivenPictureKeepsItsTypeWhereThePageCanUseIt() {
        String[][] types = {{"image/png", "image/png"}, {"video/mp4", "video/mp4"}, {"text/html", "application/octet-stream"}, {null, "application/octet-stream"}};
        for (String[] type : types) {
            ShadowContentResolver.registerProviderInternal("gallery", new Gallery(type[0]));
            assertEquals(type[1], fetchedType());
        }
    }

    private static String fetchedType() {
        MainActivity activity = Shell.start(share(PICTURE), null).get();
        hold(activity, PICTURE, "bytes");
        WebResourceResponse answer = fetch(activity.page());
        assertEquals(200, answer.getStatusCode());
        return answer.getMimeType();
    }

    @Test
    public void aPictureThatIsSharedLaterTakesTheRunningPage() {
        ActivityController<MainActivity> shell = Shell.start();
        WebView page = shell.get().page();
        Shell.loaded(page, PageServer.START);
        assertNull(asked(page));
        shell.newIntent(share(PICTURE));
        assertNotNull(asked(page));
    }

    @Test
    public void thePolicyGivesWayToASharedPicture() {
        ActivityController<MainActivity> shell = Shell.start(new Intent(Intent.ACTION_APPLICATION_PREFERENCES), null);
        WebView page = shell.get().page();
        assertEquals(PageServer.PRIVACY, shadowOf(page).getLastLoadedUrl());
        Shell.loaded(page, PageServer.PRIVACY);
        shell.newIntent(share(PICTURE));
        assertNull(asked(page));
        assertEquals(PageServer.START, shadowOf(page).getLastLoadedUrl());
        Shell.loaded(page, PageServer.START);
        assertNotNull(asked(page));
    }

    @Test
    public void whatIsNoOtherAppsPictureIsNotTaken() {
        for (Object wrong : new Object[] {Uri.parse("file:///data/data/app.mien/x"), PictureProvider.TAKEN, "content://gallery/1"}) {
            WebView page = Shell.start(share(wrong), null).get().page();
            Shell.loaded(page, PageServer.START);
            assertNull(wrong.toString(), asked(page));
            assertEquals(404, fetch(page).getStatusCode());
        }
        assertNull(GivenPicture.shared(new Intent(Intent.ACTION_SEND)));
    }

    @Test
    public void aPictureThatCannotBeOpenedIsSaid() {
        MainActivity activity = Shell.start(share(PICTURE), null).get();
        shadowOf(activity.getContentResolver()).registerInputStreamSupplier(PICTURE, () -> { throw new SecurityException("no more"); });
        Shell.loaded(activity.page(), PageServer.START);
        assertEquals(404, fetch(activity.page()).getStatusCode());
        shadowOf(Looper.getMainLooper()).idle();
        assertEquals(activity.getString(R.string.not_opened), ShadowToast.getTextOfLatestToast());
    }

    @Test
    public void aSharedPictureOutlivesTheActivity() throws Exception {
        ActivityController<MainActivity> first = Shell.start(share(PICTURE), null);
        Bundle state = new Bundle();
        first.pause().stop().saveInstanceState(state).destroy();
        MainActivity second = Shell.start(share(PICTURE), state).get();
        hold(second, PICTURE, "jpeg");
        Shell.loaded(second.page(), PageServer.START);
        assertEquals("jpeg", new String(fetch(second.page()).getData().readAllBytes()));
    }

    @Test
    public void theShortcutChoosesAPictureForThePage() {
        MainActivity activity = Shell.start(new Intent(MainActivity.CHOOSE), null).get();
        Shell.loaded(activity.page(), PageServer.START);
        assertEquals(Intent.ACTION_CHOOSER, shadowOf(activity).getNextStartedActivityForResult().intent.getAction());
        activity.onActivityResult(PicturePicker.REQUEST, Activity.RESULT_OK, new Intent().setData(PICTURE));
        assertNotNull(asked(activity.page()));
    }

    @Test
    public void aPictureThatIsChosenWhileAndroidTakesThePageAwayIsGivenToTheNextOne() throws Exception {
        Shell.start();
        MainActivity second = Shell.start(new Intent(Intent.ACTION_MAIN), new Bundle()).get();
        second.onActivityResult(PicturePicker.REQUEST, Activity.RESULT_OK, new Intent().setData(PICTURE));
        hold(second, PICTURE, "jpeg");
        Shell.loaded(second.page(), PageServer.START);
        assertEquals("jpeg", new String(fetch(second.page()).getData().readAllBytes()));
    }

    @Test
    public void whatTheCameraAppTookSurvivesARecreationAndIsDeletedAfterUse() throws Exception {
        File taken = PictureProvider.taken(RuntimeEnvironment.getApplication());
        Files.writeString(taken.toPath(), "jpeg");
        MainActivity activity = Shell.start(new Intent(Intent.ACTION_MAIN), new Bundle()).get();
        assertTrue(taken.exists());
        activity.onActivityResult(PicturePicker.REQUEST, Activity.RESULT_OK, null);
        Shell.loaded(activity.page(), PageServer.START);
        assertNotNull(asked(activity.page()));
        shadowOf(Looper.getMainLooper()).idleFor(Duration.ofMillis(PicturePicker.USE - 1));
        assertTrue(taken.exists());
        shadowOf(Looper.getMainLooper()).idleFor(Duration.ofMillis(1));
        assertFalse(taken.exists());
    }

    @Test
    public void whatWasLeftOfAnEarlierRunIsDeleted() throws Exception {
        File taken = PictureProvider.taken(RuntimeEnvironment.getApplication());
        Files.writeString(taken.toPath(), "jpeg");
        Shell.start();
        assertFalse(taken.exists());
    }
}
