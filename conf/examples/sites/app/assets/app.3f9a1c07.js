// The view that a path stands for; every path of the application comes here.
const views = {
    "/": "Swifts",
    "/species": "Species of swifts: common, alpine, pallid, little, white-rumped",
    "/sightings": "Sightings of swifts, by day, by place and by species",
};
const view = document.getElementById("view");
view.textContent = views[location.pathname] ?? "There is no view of this name";
